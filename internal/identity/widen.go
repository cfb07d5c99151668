package identity

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Grant is a role that an account is given, or a teaching, which is a Teacher's role at
// the school of the group.
type Grant struct {
	EducatorID int
	viewer.Assignment
}

// Setters knows who has set the credentials of accounts, and what these administer.
type Setters struct {
	ways map[int]map[int]hold.Way
	held map[int][]viewer.Assignment
}

// SettersOf reads who has set the credentials of accounts that are still good today.
func SettersOf(ctx context.Context, client *db.Client, educatorIDs []int) (*Setters, error) {
	ways, err := hold.WaysInto(ctx, client, educatorIDs)
	if err != nil || len(ways) == 0 {
		return &Setters{}, err
	}
	hands := map[int]bool{}
	for _, by := range ways {
		for hand := range by {
			hands[hand] = true
		}
	}
	held, err := RolesOf(ctx, client, slices.Sorted(maps.Keys(hands)))
	return &Setters{ways, held}, err
}

// Narrower are the ways into an account that holds some roles, by what somebody has set
// who does not administer all that the account has once it is given more. Nobody has to
// be asked again where what is given is a part of what is held.
func (s *Setters) Narrower(educatorID int, held []viewer.Assignment, given ...viewer.Assignment) (way hold.Way) {
	given = slices.DeleteFunc(slices.Clone(given), func(g viewer.Assignment) bool { return holds(held, g) })
	if len(given) == 0 {
		return 0
	}
	all := slices.Concat(held, given)
	for hand, w := range s.ways[educatorID] {
		if !Covers(&viewer.Viewer{EducatorID: hand, Assignments: s.held[hand]}, all) {
			way |= w
		}
	}
	return way
}

// holds reports whether what is given is a part of what is held already.
func holds(held []viewer.Assignment, given viewer.Assignment) bool {
	v := &viewer.Viewer{Assignments: held}
	return v.Administers(given.OrganizationID, given.DistrictID) ||
		given.Role == viewer.Teacher && v.TeachesAt(given.OrganizationID)
}

// Widen is called in the transaction that gives accounts roles or teachings, before these
// are written, in whatever way. Whoever has set the password or the address of an account
// and does not administer all that it has from then on would have it, too: the password
// is removed, and sessions, links and the persons at providers end, so that the person
// sets a new one by a link. The address stays, because nobody would be reached otherwise;
// whoever gives the role is told where somebody of these has set it. Of the accounts in
// fresh the passwords have been set in the same transaction, by whoever gives the role,
// and stay. It returns the ways of the accounts for which something ended.
func Widen(ctx context.Context, client *db.Client, now time.Time, grants []Grant, fresh ...int) (map[int]hold.Way,
	error) {
	given := map[int][]viewer.Assignment{}
	for _, g := range grants {
		given[g.EducatorID] = append(given[g.EducatorID], g.Assignment)
	}
	ids := slices.Sorted(maps.Keys(given))
	setters, err := SettersOf(ctx, client, ids)
	if err != nil || len(setters.ways) == 0 {
		return nil, err
	}
	held, err := RolesOf(ctx, client, ids)
	if err != nil {
		return nil, err
	}
	ended := map[int]hold.Way{}
	for _, id := range ids {
		if way := setters.Narrower(id, held[id], given[id]...); way != 0 {
			ended[id] = way
		}
	}
	return ended, endCredentials(ctx, client, now, ended, fresh)
}

// Taught is Widen for educators who are to teach a group.
func (s *Service) Taught(ctx context.Context, client *db.Client, g *db.Group, educatorIDs []int) error {
	at := viewer.Assignment{Role: viewer.Teacher, OrganizationID: g.OrganizationID, DistrictID: g.DistrictID}
	grants := make([]Grant, 0, len(educatorIDs))
	for _, id := range educatorIDs {
		grants = append(grants, Grant{id, at})
	}
	_, err := Widen(ctx, client, s.instant(), grants)
	return err
}

func endCredentials(ctx context.Context, client *db.Client, now time.Time, ended map[int]hold.Way, fresh []int) error {
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
	if err := CredentialsChanged(system, client, now, ids...); err != nil {
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
			recordAbout(ctx, audit.CredentialsEnded, e, audit.Facts{"address": ended[e.ID]&hold.ByAddress != 0})
		}
	}
	return nil
}
