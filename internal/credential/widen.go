package credential

import (
	"context"
	"maps"
	"slices"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/passkey"
	"github.com/openhomeroom/homeroom/ent/db/recoverycode"
	"github.com/openhomeroom/homeroom/ent/db/totpsecret"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Grant is a role that an account gets, or a teaching, which counts as a Teacher's role at
// the school of the group.
type Grant struct {
	EducatorID int
	viewer.Assignment
	// ByID is true if only the External ID says which account is meant.
	ByID bool
}

// Setters knows who has set the credentials of accounts, and what these people administer.
type Setters struct {
	hands *hold.Hands
	held  map[int][]viewer.Assignment
	// all is what each account has after the change.
	all map[int][]viewer.Assignment
}

// SettersOf finds out who has set the current credentials of accounts, and who could use
// the accounts of these people.
func SettersOf(ctx context.Context, client *db.Client, educatorIDs []int) (*Setters, error) {
	return settersOf(ctx, client, educatorIDs, hold.HandsOf)
}

// FormerSettersOf is SettersOf for everybody who has ever set credentials of the accounts.
func FormerSettersOf(ctx context.Context, client *db.Client, educatorIDs []int) (*Setters, error) {
	return settersOf(ctx, client, educatorIDs, hold.FormerHandsOf)
}

func settersOf(ctx context.Context, client *db.Client, educatorIDs []int,
	handsOf func(context.Context, *db.Client, []int) (*hold.Hands, error)) (*Setters, error) {
	hands, err := handsOf(ctx, client, educatorIDs)
	if err != nil {
		return nil, err
	}
	held, err := RolesOf(ctx, client, hands.All())
	return &Setters{hands: hands, held: held}, err
}

// AllCover reports whether everybody who has set credentials of an account administers
// everything that it has.
func (s *Setters) AllCover(educatorID int, all []viewer.Assignment) bool {
	for hand := range s.hands.Into(educatorID) {
		if !s.covers(educatorID, hand, all) {
			return false
		}
	}
	return true
}

// Narrower returns the ways into an account that were set by somebody who does not
// administer everything that the account has after it is given more. held are its roles
// before. If given adds nothing to held, the answer is no way. A disabled person
// administers nothing. Everybody who could use the account of the person who set it, or
// who has created the service key that did, must administer everything as well.
func (s *Setters) Narrower(educatorID int, held []viewer.Assignment, given ...viewer.Assignment) (way hold.Way) {
	given = slices.DeleteFunc(slices.Clone(given), func(g viewer.Assignment) bool { return holds(held, g) })
	if len(given) == 0 {
		return 0
	}
	all := slices.Concat(held, given)
	for hand, w := range s.hands.Into(educatorID) {
		if !s.covers(educatorID, hand, all) {
			way |= w
		}
	}
	return way
}

func (s *Setters) none() bool { return len(s.hands.All()) == 0 }

func (s *Setters) covers(educatorID, hand int, all []viewer.Assignment) bool {
	return s.hands.Stand(educatorID, hand, func(id int) bool {
		return Covers(&viewer.Viewer{EducatorID: id, Assignments: s.held[id]}, all)
	})
}

// narrowerSince returns since when somebody has had a hand in an account who does not
// administer everything that the account has after the change.
func (s *Setters) narrowerSince(educatorID int) (first time.Time, found bool) {
	for hand := range s.hands.Into(educatorID) {
		if since := s.hands.Since(educatorID, hand); !s.covers(educatorID, hand, s.all[educatorID]) &&
			(!found || since.Before(first)) {
			first, found = since, true
		}
	}
	return first, found
}

// Others returns the ways into an account by an address that was named by somebody other
// than the given people. Whoever reads its mail may have set the password of the account.
func (s *Setters) Others(educatorID int, hands []int) (way hold.Way) {
	for hand, w := range s.hands.Into(educatorID) {
		if w&hold.ByAddress != 0 && !slices.Contains(hands, hand) {
			way |= w
		}
	}
	return way
}

// Named returns the ways into an account that people have, other than the given ones, who
// have set its External ID. A file that finds the account by this ID alone may mean
// somebody else.
func (s *Setters) Named(educatorID int, hands []int) (way hold.Way) {
	for hand, w := range s.hands.Into(educatorID) {
		if w&hold.ByID != 0 && !slices.Contains(hands, hand) {
			way |= w
		}
	}
	return way
}

// holds reports whether given adds nothing to held.
func holds(held []viewer.Assignment, given viewer.Assignment) bool {
	v := &viewer.Viewer{Assignments: held}
	return v.Administers(given.OrganizationID, given.DistrictID) ||
		given.Role == viewer.Teacher && v.TeachesAt(given.OrganizationID)
}

// Widen must be called in every transaction that gives accounts roles or teachings, before
// these are written. If a person has set the password or the address of an account, and
// does not administer everything that the account will have, that person would get it all
// too. So the password is removed, and so are the second factors that were set up since
// then. Sessions, links and persons at providers end. The owner then sets a new password
// by a link. The address stays, because otherwise nobody could be reached; whoever gives
// the role is told if such a person has set the address. Accounts in fresh got their
// password in the same transaction, from the person who gives the role; that password
// stays. Widen returns the ways, by account, for which something ended.
//
// It locks the accounts, after students and groups, so that nobody sets a credential or
// gives a role at the same time.
func Widen(ctx context.Context, client *db.Client, now time.Time, grants []Grant, fresh ...int) (map[int]hold.Way,
	error) {
	given, byID := map[int][]viewer.Assignment{}, map[int]bool{}
	for _, g := range grants {
		byID[g.EducatorID] = byID[g.EducatorID] || g.ByID
		given[g.EducatorID] = append(given[g.EducatorID], g.Assignment)
	}
	ids := slices.Sorted(maps.Keys(given))
	if err := Lock(ctx, client, ids); err != nil {
		return nil, err
	}
	setters, err := SettersOf(ctx, client, ids)
	if err != nil || setters.none() {
		return nil, err
	}
	held, err := RolesOf(ctx, client, ids)
	if err != nil {
		return nil, err
	}
	ended := map[int]hold.Way{}
	setters.all = map[int][]viewer.Assignment{}
	for _, id := range ids {
		setters.all[id] = slices.Concat(held[id], given[id])
		way := setters.Narrower(id, held[id], given[id]...)
		if !byID[id] {
			way &^= hold.ByID
		}
		if way != 0 {
			ended[id] = way
		}
	}
	return ended, endCredentials(ctx, client, now, setters, ended, fresh)
}

// Lock keeps others from changing accounts until the transaction ends.
func Lock(ctx context.Context, client *db.Client, ids []int) error {
	system := viewer.AsSystem(ctx, "accounts that nobody else changes")
	for chunk := range slices.Chunk(ids, 500) {
		_, err := client.Educator.Query().Where(educator.IDIn(chunk...), func(s *sql.Selector) {
			if s.Dialect() == dialect.MySQL { // SQLite has one writer at a time.
				s.ForUpdate()
			}
		}).Order(educator.ByID()).IDs(system)
		if err != nil {
			return err
		}
	}
	return nil
}

// Readdress must be called in every transaction that gives accounts another address or
// removes it, before the new hands are recorded. grants are what the accounts get in the
// same transaction. A person who had named the old address, and has no hand in the change,
// may have set the current password by a link: so it is removed. So is that of accounts in
// byID, which were found by their External ID alone, if somebody else has set this ID: they
// may be another person's than the address. If such a person does not
// administer everything that the account then has, the second factors that were set up
// since are removed too. Accounts in fresh got their password in the same transaction; it
// stays. Readdress returns the accounts for which something ended. Changed and
// AddressChanged must be called as well.
func Readdress(ctx context.Context, client *db.Client, now time.Time, hands, educatorIDs, byID []int, grants []Grant,
	fresh ...int) (map[int]hold.Way, error) {
	ids := slices.Compact(slices.Sorted(slices.Values(educatorIDs)))
	setters, err := SettersOf(ctx, client, ids)
	if err != nil || setters.none() {
		return nil, err
	}
	all, err := RolesOf(ctx, client, ids)
	if err != nil {
		return nil, err
	}
	for _, g := range grants {
		all[g.EducatorID] = append(all[g.EducatorID], g.Assignment)
	}
	system := viewer.AsSystem(ctx, "which accounts have a password")
	setters.all = all
	ended := map[int]hold.Way{}
	for chunk := range slices.Chunk(ids, 500) {
		withPassword, err := client.Educator.Query().Where(educator.IDIn(chunk...), educator.PasswordHashNEQ("")).IDs(system)
		if err != nil {
			return nil, err
		}
		for _, id := range chunk {
			others := setters.Others(id, hands)
			if slices.Contains(byID, id) {
				others |= setters.Named(id, hands)
			}
			_, narrower := setters.narrowerSince(id)
			if others != 0 && (narrower || slices.Contains(withPassword, id) && !slices.Contains(fresh, id)) {
				ended[id] = others
			}
		}
	}
	return ended, endCredentials(ctx, client, now, setters, ended, fresh)
}

// endCredentials ends the credentials of accounts that could belong to somebody who has
// the ways of ended.
func endCredentials(ctx context.Context, client *db.Client, now time.Time, setters *Setters, ended map[int]hold.Way,
	fresh []int) error {
	if len(ended) == 0 {
		return nil
	}
	system := viewer.AsSystem(ctx, "end credentials that somebody with less has set")
	ids := slices.Sorted(maps.Keys(ended))
	old := slices.DeleteFunc(slices.Clone(ids), func(id int) bool { return slices.Contains(fresh, id) })
	for chunk := range slices.Chunk(old, 500) {
		if err := client.Educator.Update().Where(educator.IDIn(chunk...)).ClearPasswordHash().Exec(system); err != nil {
			return err
		}
	}
	if err := hold.NoteWay(system, client, now, hold.ByPassword, nil, old...); err != nil {
		return err
	}
	if err := Changed(system, client, now, ids...); err != nil {
		return err
	}
	if err := AddressChanged(system, client, ids...); err != nil {
		return err
	}
	for chunk := range slices.Chunk(ids, 500) {
		accounts, err := client.Educator.Query().Where(educator.IDIn(chunk...)).Order(educator.ByID()).All(system)
		if err != nil {
			return err
		}
		for _, e := range accounts {
			record(ctx, audit.CredentialsEnded, e, audit.Facts{"address": ended[e.ID]&hold.ByAddress != 0})
			if since, narrower := setters.narrowerSince(e.ID); narrower {
				if err := endFactors(ctx, client, e, since); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// endFactors removes the second factors of an account that were set up since somebody with
// fewer rights has had a hand in it. They could be that person's. Older ones stay.
func endFactors(ctx context.Context, client *db.Client, e *db.Educator, since time.Time) error {
	system := viewer.AsSystem(ctx, "end second factors that somebody with less may have set up")
	apps, err := client.TotpSecret.Delete().Where(totpsecret.EducatorID(e.ID), totpsecret.CreatedAtGTE(since)).Exec(system)
	if err != nil {
		return err
	}
	keys, err := client.Passkey.Delete().Where(passkey.EducatorID(e.ID), passkey.CreatedAtGTE(since)).Exec(system)
	if err != nil {
		return err
	}
	codes := client.RecoveryCode.Delete().Where(recoverycode.EducatorID(e.ID))
	left, err := client.TotpSecret.Query().Where(totpsecret.EducatorID(e.ID)).Exist(system)
	if err == nil && !left {
		left, err = client.Passkey.Query().Where(passkey.EducatorID(e.ID)).Exist(system)
	}
	if err != nil {
		return err
	}
	if left { // Recovery codes alone are no factor.
		codes.Where(recoverycode.CreatedAtGTE(since))
	}
	n, err := codes.Exec(system)
	if err == nil && apps+keys+n > 0 {
		record(ctx, audit.SecondFactorsReset, e, audit.Facts{"apps": apps, "passkeys": keys})
	}
	return err
}

// record records what happens to an account. The district sees it, because an account may
// have roles at several schools.
func record(ctx context.Context, action audit.Action, e *db.Educator, facts audit.Facts) {
	audit.Record(ctx, audit.Event{Action: action, DistrictID: e.DistrictID, OrganizationID: e.DistrictID,
		Target: audit.On(globalid.Educator, e.ID), Facts: facts})
}
