package identity

import (
	"context"
	"maps"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// recordAs records something that people do with their own accounts, such as signing in,
// before the context knows who they are.
func recordAs(ctx context.Context, v *viewer.Viewer, action audit.Action, facts audit.Facts) {
	who := audit.ActorOfViewer(v)
	audit.Record(ctx, audit.Event{Action: action, DistrictID: who.DistrictID, OrganizationID: who.OrganizationID,
		Target: audit.On(globalid.Educator, v.EducatorID), Facts: facts, Actor: &who})
}

// recordSignIn records a session that has started, and the roles at its start.
func recordSignIn(ctx context.Context, client *db.Client, account *db.Educator, begun *db.Session,
	facts audit.Facts) error {
	roles, err := client.RoleAssignment.Query().Where(roleassignment.EducatorID(account.ID)).Order(roleassignment.ByID()).
		All(viewer.AsSystem(ctx, "roles of an account"))
	if err != nil {
		return err
	}
	v := &viewer.Viewer{EducatorID: account.ID, DistrictID: account.DistrictID}
	for _, r := range roles {
		v.Assignments = append(v.Assignments,
			viewer.Assignment{Role: viewer.Role(r.Role), OrganizationID: r.OrganizationID, DistrictID: r.DistrictID})
	}
	all := audit.Facts{"session": globalid.Encode(globalid.Session, begun.ID)}
	maps.Copy(all, facts)
	recordAs(ctx, v, audit.SignedIn, all)
	return nil
}

// recordAbout records what happens to an account. The district sees it, because an account
// may have roles at several schools.
func recordAbout(ctx context.Context, action audit.Action, e *db.Educator, facts audit.Facts) {
	audit.Record(ctx, audit.Event{Action: action, DistrictID: e.DistrictID, OrganizationID: e.DistrictID,
		Target: audit.On(globalid.Educator, e.ID), Facts: facts})
}

// refused records a refused sign-in. If an account has the address, the entry belongs to
// that account, otherwise to no district. The address is not recorded, because it may be a
// password in the wrong field.
func (s *Service) refused(ctx context.Context, account *db.Educator, err error) {
	f := fault.From(err)
	if f == nil {
		return
	}
	e := audit.Event{Action: audit.SignInRefused, Code: f.Code, Actor: &audit.Actor{Kind: audit.Anonymous}}
	if account != nil {
		e.DistrictID, e.OrganizationID, e.Target = account.DistrictID, account.DistrictID,
			audit.On(globalid.Educator, account.ID)
	}
	s.audit.Refused(ctx, e)
}

func keyEvent(action audit.Action, k *db.ServiceKey) audit.Event {
	return audit.Event{
		Action:         action,
		DistrictID:     k.DistrictID,
		OrganizationID: k.OrganizationID,
		Target:         audit.On(globalid.ServiceKey, k.ID),
	}
}
