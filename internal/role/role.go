// Package role gives people roles at organizations, and ends them.
package role

import (
	"context"
	"slices"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/groupeducator"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

var (
	errWider = fault.Forbiddenf("the person administers the district, so only an administrator of the district can " +
		"change or end the roles").At("educatorId")
	errTeaches = fault.Conflictf("somebody is changing the classes of this person at the moment; try again").
			At("educatorId")
)

// Give gives an educator a role, and reports whether the educator did not have it
// before, and whether credentials of the account ended with it.
func Give(ctx context.Context, client *db.Client, now time.Time, e *db.Educator, role viewer.Role,
	o *db.Organization) (gave, ended bool, err error) {
	held, err := client.RoleAssignment.Query().Where(roleassignment.EducatorID(e.ID), roleassignment.OrganizationID(o.ID),
		roleassignment.RoleEQ(roleassignment.Role(role))).Exist(viewer.AsSystem(ctx, "roles of an account"))
	if err != nil || held {
		return false, false, err
	}
	given := viewer.Assignment{Role: role, OrganizationID: o.ID, DistrictID: o.DistrictID}
	ways, err := credential.Widen(ctx, client, now, []credential.Grant{{EducatorID: e.ID, Assignment: given}})
	if err != nil {
		return false, false, err
	}
	return true, len(ways) > 0, client.RoleAssignment.Create().SetCreatedAt(now).SetEducatorID(e.ID).
		SetOrganizationID(o.ID).SetDistrictID(o.DistrictID).
		SetRole(roleassignment.Role(role)).Exec(ctx)
}

// taughtAt matches what somebody teaches at a school.
func taughtAt(educatorID, school int) predicate.GroupEducator {
	return groupeducator.And(groupeducator.EducatorID(educatorID),
		groupeducator.HasGroupWith(group.OrganizationID(school)))
}

// LockTaught locks the groups that somebody teaches at a school. Groups are locked before
// accounts.
func LockTaught(ctx context.Context, client *db.Client, educatorID, school int) ([]int, error) {
	system := viewer.AsSystem(ctx, "groups whose educator leaves")
	ids, err := client.GroupEducator.Query().Where(taughtAt(educatorID, school)).
		Select(groupeducator.FieldGroupID).Ints(system)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	slices.Sort(ids)
	_, err = client.Group.Query().Where(group.IDIn(ids...), func(t *sql.Selector) {
		if t.Dialect() == dialect.MySQL { // SQLite has one writer at a time.
			t.ForUpdate()
		}
	}).Order(group.ByID()).IDs(system)
	return ids, err
}

// Set gives somebody a role at an organization, in place of every other role there. A nil
// role ends them all, and the person then teaches no group there either, because a teaching
// is as good as a role; groups are those of LockTaught. all are the roles of the person
// everywhere. The accounts of the caller and of the person are locked, and the caller
// administers the organization. So many people may lose roles within a day; see Lost.
func Set(ctx context.Context, client *db.Client, now time.Time, educatorID int, o *db.Organization,
	role *viewer.Role, groups []int, all []viewer.Assignment) (*db.Educator, error) {
	system := viewer.AsSystem(ctx, "roles that an administrator changes")
	e, err := client.Educator.Get(system, educatorID)
	if err != nil {
		return nil, err
	}
	held, err := client.RoleAssignment.Query().Where(roleassignment.EducatorID(educatorID),
		roleassignment.OrganizationID(o.ID)).Order(roleassignment.ByID()).All(system)
	if err != nil {
		return nil, err
	}
	var before, after string
	var ending []int
	for _, r := range held {
		before += string(r.Role) + " "
		if role == nil || string(r.Role) != string(*role) {
			ending = append(ending, r.ID)
		}
	}
	district := func(r viewer.Assignment) bool { return r.Role == viewer.DistrictAdmin }
	if len(ending)+len(groups) > 0 && slices.ContainsFunc(all, district) &&
		!viewer.FromContext(ctx).Administers(o.DistrictID, o.DistrictID) {
		return nil, errWider
	}
	if role != nil {
		after = string(*role) + " "
		if _, _, err := Give(ctx, client, now, e, *role, o); err != nil {
			return nil, err
		}
	}
	if before == after && len(groups) == 0 {
		return e, nil
	}
	if _, err := client.RoleAssignment.Delete().Where(roleassignment.IDIn(ending...)).Exec(system); err != nil {
		return nil, err
	}
	left, err := client.GroupEducator.Delete().Where(taughtAt(educatorID, o.ID), groupeducator.GroupIDIn(groups...)).
		Exec(system)
	if err == nil && left != len(groups) {
		err = errTeaches
	}
	if err == nil && left > 0 {
		err = client.Group.Update().Where(group.IDIn(groups...)).AddVersion(1).Exec(system)
	}
	if err == nil && role == nil { // Somebody has just made the person teach another group.
		var more bool
		if more, err = client.GroupEducator.Query().Where(taughtAt(educatorID, o.ID)).Exist(system); more && err == nil {
			err = errTeaches
		}
	}
	if err != nil {
		return nil, err
	}
	recordRoles(ctx, e, o, before, after, groups)
	if e, err = client.Educator.Get(system, educatorID); err != nil || len(ending)+len(groups) == 0 {
		return e, err
	}
	return e, Lost(ctx, client, now, educatorID, viewer.Assignment{OrganizationID: o.ID, DistrictID: o.DistrictID})
}

func recordRoles(ctx context.Context, e *db.Educator, o *db.Organization, before, after string, groups []int) {
	var c audit.Changes
	at := func(roles string) *string {
		if roles == "" {
			return nil
		}
		text := roles + "at " + audit.IDs(globalid.Organization, o.ID)
		return &text
	}
	c.Optional("role", at(before), at(after))
	if len(groups) > 0 {
		c.Gone("groups", audit.IDs(globalid.Group, groups...))
	}
	var others []audit.Detail
	for _, id := range groups {
		var left audit.Changes
		left.Gone("educators", audit.IDs(globalid.Educator, e.ID))
		others = append(others, audit.Detail{Subject: audit.On(globalid.Group, id), Changes: left})
	}
	audit.Record(ctx, audit.Event{Action: audit.EducatorRolesChanged, DistrictID: o.DistrictID, OrganizationID: o.ID,
		Target: audit.On(globalid.Educator, e.ID), Changes: c, Others: others})
}

// Check refuses a role that does not belong at an organization.
func Check(role viewer.Role, o *db.Organization) *fault.Error {
	switch district := o.Type == organization.TypeDISTRICT; {
	case role != viewer.DistrictAdmin && role != viewer.SchoolAdmin && role != viewer.Teacher:
		return fault.Invalidf("the role is unknown; write DISTRICT_ADMIN, SCHOOL_ADMIN or TEACHER").At("role")
	case district && role != viewer.DistrictAdmin:
		return fault.Invalidf("this role needs a school; name one").WithCode("WRONG_ORGANIZATION").
			At("organizationId")
	case !district && role == viewer.DistrictAdmin:
		return fault.Invalidf("the role of a district administrator needs the district, not a school").
			WithCode("WRONG_ORGANIZATION").At("organizationId")
	default:
		return nil
	}
}
