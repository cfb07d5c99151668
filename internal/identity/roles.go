package identity

import (
	"context"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/role"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

const notChanging = "only administrators can change the roles of educators"

var (
	errNotChanging = fault.Forbiddenf(notChanging).At("organizationId")
	errOwnRole     = fault.Forbiddenf("you cannot change your own roles; ask another administrator").At("educatorId")
)

// SetRole gives somebody a role at an organization, in place of every other role there. A
// nil role ends them all, and the person then teaches no group there either, because a
// teaching is as good as a role. Only administrators of the organization may call it, for
// nobody who administers more than they do, nor for themselves; so somebody is left.
func (s *Service) SetRole(ctx context.Context, educatorID, organizationID int, given *viewer.Role) (e *db.Educator,
	err error) {
	v := viewer.FromContext(ctx)
	o, err := s.administered(ctx, organizationID, notChanging)
	if err != nil {
		return nil, err
	}
	if given != nil {
		if err := role.Check(*given, o); err != nil {
			return nil, err
		}
	}
	seen, err := s.db.Client(ctx).Educator.Query().Where(educator.ID(educatorID), educator.Service(0),
		educator.DistrictID(o.DistrictID)).Exist(ctx)
	switch {
	case err != nil || !seen:
		return nil, orElse(err, errNoEducator)
	case educatorID == v.EducatorID:
		return nil, errOwnRole
	}
	err = s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		var groups []int
		if given == nil { // Groups are locked before accounts.
			if groups, err = role.LockTaught(ctx, client, educatorID, o.ID); err != nil {
				return err
			}
		}
		all, err := s.lockBoth(ctx, client, v, educatorID)
		switch {
		case err != nil:
			return err
		case !(&viewer.Viewer{Assignments: all[v.EducatorID]}).Administers(o.ID, o.DistrictID):
			return errNotChanging // the caller's own role has just ended
		}
		e, err = role.Set(ctx, client, s.instant(), educatorID, o, given, groups, all[educatorID])
		return err
	})
	return e, err
}

// lockBoth locks the accounts of the caller and of somebody else, in the order of their
// keys, and returns the roles of both. So two people who take something from each other do
// not both succeed.
func (s *Service) lockBoth(ctx context.Context, client *db.Client, v *viewer.Viewer,
	educatorID int) (map[int][]viewer.Assignment, error) {
	both := []int{v.EducatorID, educatorID}
	slices.Sort(both)
	if err := credential.Lock(ctx, client, both); err != nil {
		return nil, err
	}
	on, err := client.Educator.Query().Where(educator.ID(v.EducatorID), educator.Disabled(0)).
		Exist(viewer.AsSystem(ctx, "whether the caller is still there"))
	if err != nil || !on {
		return nil, orElse(err, ErrSession)
	}
	return credential.RolesOf(ctx, client, both)
}
