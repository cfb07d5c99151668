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
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Young is how long an account is taken for one in which somebody else acts who has
// had a hand in it. What it does in that time is not approved by that person, nor by
// others whose accounts the same person has had a hand in.
const Young = 30 * 24 * time.Hour

// Note notes that people could sign in with accounts: they have made them, given
// them a role, or set their passwords or addresses. It belongs in the transaction
// of that. The key 0, of the operator, is nobody, and nobody has a hand in the own
// account.
func Note(ctx context.Context, client *db.Client, now time.Time, hands []int, educatorIDs ...int) error {
	now = database.Instant(now)
	var rows []*db.AccountHandCreate
	for _, hand := range distinct(hands) {
		for _, id := range distinct(educatorIDs) {
			if hand != 0 && id != 0 && hand != id {
				rows = append(rows, client.AccountHand.Create().SetEducatorID(id).SetHandID(hand).SetCreatedAt(now).SetLastAt(now))
			}
		}
	}
	for chunk := range slices.Chunk(rows, 500) {
		err := client.AccountHand.CreateBulk(chunk...).
			OnConflict(sql.ConflictColumns(accounthand.FieldEducatorID, accounthand.FieldHandID)).
			Update(func(u *db.AccountHandUpsert) { u.UpdateLastAt() }).
			Exec(viewer.AsSystem(ctx, "who has had a hand in an account"))
		if err != nil {
			return err
		}
	}
	return nil
}

func distinct(ids []int) []int { return slices.Compact(slices.Sorted(slices.Values(ids))) }

// Approval is what a second administrator consents to.
type Approval struct {
	OrganizationID, DistrictID int
	// By are the accounts that have had a hand in it.
	By []int
	// AskedAt is when it was asked for. Whoever approves it was there before.
	AskedAt time.Time
}

// Refuse returns a fault.Forbidden where the viewer is no second administrator: has
// an account or a role that is not older than what is asked for, or one in which
// somebody has had a hand who asks for it, or whose account the viewer has made not
// long ago; and likewise for whoever has had a hand in these accounts, as far back
// as that goes.
func (a Approval) Refuse(ctx context.Context, client *db.Client, now time.Time) error {
	v := viewer.FromContext(ctx)
	system := viewer.AsSystem(ctx, "whether somebody is a second administrator")
	// Nobody signs in with the account in which the operator approves.
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
			"another administrator has to approve it, because your account or your role is not older than what is asked for")
	}
	asking, err := handsIn(system, client, a.By, now.Add(-Young))
	if err != nil {
		return err
	}
	mine, err := handsIn(system, client, []int{v.EducatorID}, time.Unix(0, 0))
	if err != nil {
		return err
	}
	for id := range mine {
		if asking[id] {
			return fault.Forbiddenf(
				"another administrator has to approve it, because one of you has made the other's account, given it its role, " +
					"or set its password or address, or somebody has done so for both")
		}
	}
	reset, err := resetBetween(system, client, a, asking, mine, now)
	if err == nil && reset {
		err = fault.Forbiddenf(
			"another administrator has to approve it, because one of you, or somebody else, has reset second factors of the " +
				"other or of both not long ago")
	}
	return err
}

// resetBetween reports whether somebody who could act in those who ask could act in the
// approver, too, because the one has taken the second factors of the other away not long
// ago, or of both, or has made the other account: whoever has the passwords as well is
// alone. It is no hand in the account for good, as a password is: people who have lost
// their telephone are helped by the other administrator of the school.
func resetBetween(system context.Context, client *db.Client, a Approval, asking, mine map[int]bool,
	now time.Time) (bool, error) {
	// Who could act in the account that has reset them has done it.
	resetters := func(targets map[int]bool) (map[int]bool, error) {
		actors, err := client.AuditEvent.Query().
			Where(auditevent.DistrictID(a.DistrictID), auditevent.Action(string(audit.SecondFactorsReset)),
				auditevent.CreatedAtGT(now.Add(-Young)), auditevent.TargetType(string(globalid.Educator)),
				auditevent.TargetIDIn(slices.Sorted(maps.Keys(targets))...), auditevent.ActorKind(string(audit.Educator))).
			Unique(true).Select(auditevent.FieldActorID).Ints(system)
		if err != nil || len(actors) == 0 {
			return nil, err
		}
		return handsIn(system, client, actors, time.Unix(0, 0))
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

// handsIn returns accounts and those who could act in them: who have had a hand in
// them since some time, or have made the service key that acts for them, and so on.
func handsIn(system context.Context, client *db.Client, accounts []int, since time.Time) (map[int]bool, error) {
	h, err := handsOver(system, client, accounts, since)
	if err != nil {
		return nil, err
	}
	return h.behind(accounts...), nil
}
