package hold

import (
	"context"
	"maps"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/accounthand"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Young is how long an account counts as controlled by whoever has had a hand in it. What
// such an account asks for cannot be approved by that person, nor by other accounts in
// which the same person has had a hand.
const Young = 30 * 24 * time.Hour

// Way is how somebody could sign in to another person's account.
type Way int8

// The ways into an account. Both is what the creator of an account has.
const (
	// ByPassword is a password that the hand has set.
	ByPassword Way = 1
	// ByAddress is an address that the hand has named.
	ByAddress Way = 2
	// ByLink is a password that was set by a link, sent to an address that the hand had
	// named. The person may have used the link, or the hand may have. It ends when the
	// password changes, not when the address does.
	ByLink Way = 4
	// ByID is an External ID that the hand has given to the account. Nobody signs in with it,
	// but it decides which account a file means that names no more.
	ByID Way = 8
	Both     = ByPassword | ByAddress

	// onlyID marks somebody who has set nothing but External IDs. Such a person could never
	// use the account, and is no hand where it matters who could.
	onlyID Way = 16
	// into are the ways by which somebody could use the account.
	into = Both | ByLink
	all  = into | ByID | onlyID
)

// ends returns the ways that end when this one is set again.
func (w Way) ends() Way {
	if w&ByPassword != 0 {
		w |= ByLink
	}
	return w
}

// Note records that people could sign in to accounts, because they have created them, or
// set both password and address. Call it in the transaction of that change. Key 0, which
// stands for the operator, is ignored, and nobody has a hand in their own account.
func Note(ctx context.Context, client *db.Client, now time.Time, hands []int, educatorIDs ...int) error {
	return NoteWay(ctx, client, now, Both, hands, educatorIDs...)
}

// NoteWay is Note for the password or the address alone. A person who set it before can no
// longer sign in with it. A password that the operator has set, or that was removed,
// belongs to nobody.
func NoteWay(ctx context.Context, client *db.Client, now time.Time, way Way, hands []int, educatorIDs ...int) error {
	system := viewer.AsSystem(ctx, "by what a hand in an account could come in")
	for chunk := range slices.Chunk(distinct(educatorIDs), 500) {
		in, args := among(chunk)
		_, err := client.ExecContext(system,
			"UPDATE account_hands SET ways = ways & ? WHERE ways & ? <> 0 AND educator_id IN "+in,
			append([]any{int(all &^ way.ends()), int(way.ends())}, args...)...)
		if err != nil {
			return err
		}
	}
	return note(ctx, client, now, way, hands, educatorIDs)
}

// NoteLink records that the password of an account was set by a link. A person who has
// named the address may have used the link. A person who set the old password, and has not
// named the address, can no longer sign in with it.
func NoteLink(ctx context.Context, client *db.Client, educatorID int) error {
	_, err := client.ExecContext(viewer.AsSystem(ctx, "who could have used a link"),
		"UPDATE account_hands SET ways = (ways & ?) + CASE WHEN ways & ? <> 0 THEN ? ELSE 0 END "+
			"WHERE ways <> 0 AND educator_id = ?",
		int(ByID|onlyID), int(ByAddress), int(ByAddress|ByLink), educatorID)
	return err
}

// NoteBack is NoteWay for a value that was there before: anybody who ever had a hand in
// the account may have set it, and may know it.
func NoteBack(ctx context.Context, client *db.Client, now time.Time, way Way, hands []int, educatorIDs ...int) error {
	if err := NoteWay(ctx, client, now, way, hands, educatorIDs...); err != nil {
		return err
	}
	system := viewer.AsSystem(ctx, "by what a hand in an account could come in again")
	for chunk := range slices.Chunk(distinct(educatorIDs), 500) {
		in, args := among(chunk)
		_, err := client.ExecContext(system, "UPDATE account_hands SET ways = ways | ? WHERE ways & ? = 0 AND educator_id "+
			"IN "+in, append([]any{int(way), int(onlyID &^ onlyIDIf(way))}, args...)...)
		if err != nil {
			return err
		}
	}
	return nil
}

// onlyIDIf returns onlyID if a way is no more than an External ID.
func onlyIDIf(way Way) Way {
	if way == ByID {
		return onlyID
	}
	return 0
}

func note(ctx context.Context, client *db.Client, now time.Time, way Way, hands, educatorIDs []int) error {
	now = database.Instant(now)
	var rows []*db.AccountHandCreate
	system := viewer.AsSystem(ctx, "who has had a hand in an account")
	if way != ByID { // From now on these are hands, whatever they set before.
		in, args := among(distinct(hands))
		for chunk := range slices.Chunk(distinct(educatorIDs), 500) {
			of, ids := among(chunk)
			if len(args) == 0 {
				break
			}
			_, err := client.ExecContext(system, "UPDATE account_hands SET ways = ways & ? WHERE ways & ? <> 0 AND hand_id IN "+
				in+" AND educator_id IN "+of, slices.Concat([]any{int(all &^ onlyID), int(onlyID)}, args, ids)...)
			if err != nil {
				return err
			}
		}
	}
	for _, hand := range distinct(hands) {
		for _, id := range distinct(educatorIDs) {
			if hand != 0 && id != 0 && hand != id {
				rows = append(rows, client.AccountHand.Create().SetEducatorID(id).SetHandID(hand).SetCreatedAt(now).
					SetLastAt(now).SetWays(int8(way|onlyIDIf(way))))
			}
		}
	}
	for chunk := range slices.Chunk(rows, 500) {
		err := client.AccountHand.CreateBulk(chunk...).
			OnConflict(sql.ConflictColumns(accounthand.FieldEducatorID, accounthand.FieldHandID)).
			// NoteWay has removed this way from all earlier hands.
			Update(func(u *db.AccountHandUpsert) {
				if u.AddWays(int8(way)); way != ByID {
					u.UpdateLastAt()
				}
			}).
			Exec(system)
		if err != nil {
			return err
		}
	}
	return nil
}

var errTooMany = fault.Forbiddenf("another administrator has to approve it, because too many people have had a hand " +
	"in the accounts of those who have one in yours or in the one that asks")

func distinct(ids []int) []int { return slices.Compact(slices.Sorted(slices.Values(ids))) }

// Approval is a request for the consent of a second administrator.
type Approval struct {
	OrganizationID, DistrictID int
	// By are the accounts that have had a hand in the request.
	By []int
	// AskedAt is when the consent was requested. An approver must have been there before.
	AskedAt time.Time
}

// Refuse returns a fault.Forbidden if the viewer cannot be the second administrator:
// because the viewer's account or role is not older than the request, because somebody who
// makes the request has had a hand in the viewer's account, or because the viewer has
// recently made the account that makes the request. The same holds for everybody who has
// had a hand in these accounts, and so on. An account that a program has recently made
// approves nothing, and one that it has ever made nothing that the program asks for.
func (a Approval) Refuse(ctx context.Context, client *db.Client, now time.Time) error {
	v := viewer.FromContext(ctx)
	system := viewer.AsSystem(ctx, "whether somebody is a second administrator")
	// Nobody signs in to the account with which the operator approves.
	operator, err := client.Educator.Query().Where(educator.ID(v.EducatorID), educator.Service(1)).Exist(system)
	if err != nil || operator {
		return err
	}
	older, err := client.Educator.Query().
		Where(educator.ID(v.EducatorID), educator.CreatedAtLT(a.AskedAt), educator.HasRolesWith(
			roleassignment.CreatedAtLT(a.AskedAt), roleassignment.Or(
				roleassignment.And(roleassignment.RoleEQ(roleassignment.RoleDISTRICT_ADMIN),
					roleassignment.OrganizationID(a.DistrictID)),
				roleassignment.And(roleassignment.RoleEQ(roleassignment.RoleSCHOOL_ADMIN),
					roleassignment.OrganizationID(a.OrganizationID))))).Exist(system)
	switch {
	case err != nil:
		return err
	case !older:
		return fault.Forbiddenf(
			"another administrator has to approve it, because your account or your role is newer than the request")
	}
	// A password that somebody else has set counts for as long as the account has it.
	lately := accounthand.Or(accounthand.LastAtGT(now.Add(-Young)), knowsPassword)
	asking, err := handsIn(system, client, a.By, lately)
	if err != nil {
		return err
	}
	// Nobody knows who holds the key of a program. It could be the one who asks.
	made, err := handsOver(system, client, []int{v.EducatorID}, lately)
	if err != nil {
		return err
	}
	if made.byProgram(v.EducatorID) {
		return fault.Forbiddenf("another administrator has to approve it, because a program has created your account, or " +
			"set its password or address, within the last 30 days, or set the password that it still has")
	}
	mine, err := handsIn(system, client, []int{v.EducatorID})
	if err != nil {
		return err
	}
	for id := range mine {
		if asking[id] {
			return fault.Forbiddenf(
				"another administrator has to approve it, because one of you made the account of the other, " +
					"or set its password or address, or somebody else did so for both of you")
		}
	}
	reset, err := resetBetween(system, client, a, asking, mine, now)
	if err == nil && reset {
		err = fault.Forbiddenf(
			"another administrator has to approve it, because one of you recently reset the second factors of the other, " +
				"or somebody else did so for both of you")
	}
	return err
}

// resetBetween reports whether one person could control both the requester and the
// approver because of a recent reset: one of them has removed the other's second factors,
// or somebody has removed those of both or has made the other account. Somebody who also
// has the passwords could then act alone. Unlike a password, a reset is no lasting hand in
// the account, because administrators of a school help each other when a phone is lost.
func resetBetween(system context.Context, client *db.Client, a Approval, asking, mine map[int]bool,
	now time.Time) (bool, error) {
	// Whoever could use the account that did the reset counts as having done it.
	resetters := func(targets map[int]bool) (map[int]bool, error) {
		actors, err := client.AuditEvent.Query().
			Where(auditevent.DistrictID(a.DistrictID), auditevent.Action(string(audit.SecondFactorsReset)),
				auditevent.CreatedAtGT(now.Add(-Young)), auditevent.TargetType(string(globalid.Educator)),
				auditevent.TargetIDIn(slices.Sorted(maps.Keys(targets))...), auditevent.ActorKind(string(audit.Educator))).
			Unique(true).Select(auditevent.FieldActorID).Ints(system)
		if err != nil || len(actors) == 0 {
			return nil, err
		}
		return handsIn(system, client, actors)
	}
	theirs, err := resetters(asking)
	if err != nil {
		return false, err
	}
	own, err := resetters(mine)
	for id := range theirs {
		if mine[id] || own[id] {
			return true, err
		}
	}
	for id := range own {
		if asking[id] {
			return true, err
		}
	}
	return false, err
}

// knowsPassword selects the hands that have set the current password. Whoever creates an
// account that has none, for a provider, knows none.
func knowsPassword(s *sql.Selector) {
	s.Where(sql.P(func(b *sql.Builder) { // One condition: this is one of those of an Or.
		b.WriteByte('(').Ident(s.C(accounthand.FieldWays)).WriteString(" & ").Arg(int(ByPassword)).
			WriteString(" <> 0 AND EXISTS (SELECT 1 FROM educators WHERE educators.id = ").
			Ident(s.C(accounthand.FieldEducatorID)).WriteString(" AND educators.password_hash <> ''))")
	}))
}

// comeIn chooses the hands that could use the account today.
func comeIn(s *sql.Selector) { haveWays(into, "<>")(s) }

func haveWays(ways Way, is string) func(*sql.Selector) {
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.Ident(s.C(accounthand.FieldWays)).WriteString(" & ").Arg(int(ways)).WriteString(" " + is + " 0")
		}))
	}
}

// handsIn returns accounts and everybody who could use them: those who have had a hand in
// them, the makers of the service keys that act for them, and so on.
func handsIn(system context.Context, client *db.Client, accounts []int,
	which ...predicate.AccountHand) (map[int]bool, error) {
	h, err := handsOver(system, client, accounts, which...)
	if err != nil {
		return nil, err
	}
	if h.areMore(accounts...) {
		return nil, errTooMany
	}
	return h.behind(accounts...), nil
}
