package rule

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/groupeducator"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// EducatorsSeen matches the viewer, the educators of the districts that the viewer
// administers, those with a role at a school where the viewer is a school administrator,
// and, for a teacher, those who teach the same groups or at the same schools.
func EducatorsSeen(v *viewer.Viewer) predicate.Educator { return jointly(v, educatorsSeen) }

func educatorsSeen(v *viewer.Viewer) predicate.Educator {
	schools := append(v.AdminSchools(), v.TeacherSchools()...)
	parts := append([]predicate.Educator{educator.ID(v.EducatorID)}, when(v.AdminDistricts(), educator.DistrictIDIn)...)
	if len(schools) > 0 {
		parts = append(parts,
			educator.HasRolesWith(roleassignment.OrganizationIDIn(schools...)),
			educator.HasTeachingWith(groupeducator.HasGroupWith(GroupsSeen(v))))
	}
	return anyOf(educator.Or, parts)
}

func educatorWithID(id int) predicate.Educator { return educator.ID(id) }

// LimitEducatorsToPurview is the rule for reading educators.
func LimitEducatorsToPurview() privacy.QueryRule {
	return privacy.EducatorQueryRuleFunc(func(ctx context.Context, q *db.EducatorQuery) error {
		q.Where(EducatorsSeen(ask(ctx)))
		return privacy.Allow
	})
}

// AdministratorsChangeEducators lets administrators create educators in their district and
// change those with a role at their schools. Nobody deletes one.
func AdministratorsChangeEducators() privacy.MutationRule {
	return privacy.EducatorMutationRuleFunc(func(ctx context.Context, m *db.EducatorMutation) error {
		v := ask(ctx)
		switch {
		case !v.IsAdmin():
			return privacy.Skip
		case m.Op().Is(db.OpCreate):
			if district, _ := m.DistrictID(); district != v.DistrictID {
				return privacy.Denyf("district %d is outside of the purview", district)
			}
			return privacy.Allow
		case m.Op().Is(db.OpUpdate | db.OpUpdateOne):
			m.Where(EducatorsEdited(v))
			return privacy.Allow
		default:
			return privacy.Skip
		}
	})
}

// EducatorsEdited matches the educators whom an administrator may change: all educators of
// the district, or those whose roles and groups are all at schools that the viewer
// administers. So a school never changes the account of somebody who may do more than the
// school can grant. Nobody may change an account in whose name a program or the operator
// acts.
func EducatorsEdited(v *viewer.Viewer) predicate.Educator {
	return educator.And(educator.Service(0), jointly(v, educatorsGranted))
}

// agentsGranted matches the accounts of programs that may do nothing that the viewer could
// not grant.
func agentsGranted(v *viewer.Viewer) predicate.Educator {
	return educator.And(educator.Service(1), jointly(v, educatorsGranted))
}

func educatorsGranted(v *viewer.Viewer) predicate.Educator {
	parts := when(v.AdminDistricts(), educator.DistrictIDIn)
	if schools := v.AdminSchools(); len(schools) > 0 {
		parts = append(parts, educator.And(
			educator.HasRolesWith(roleassignment.OrganizationIDIn(schools...)),
			educator.Not(educator.HasRolesWith(roleassignment.OrganizationIDNotIn(schools...))),
			educator.Not(educator.HasTeachingWith(groupeducator.HasGroupWith(group.OrganizationIDNotIn(schools...))))))
	}
	return anyOf(educator.Or, parts)
}

// LimitRolesToPurview shows the roles at organizations in the purview, and the viewer's
// own.
func LimitRolesToPurview() privacy.QueryRule {
	return privacy.RoleAssignmentQueryRuleFunc(func(ctx context.Context, q *db.RoleAssignmentQuery) error {
		q.Where(jointly(ask(ctx), rolesSeen))
		return privacy.Allow
	})
}

func rolesSeen(v *viewer.Viewer) predicate.RoleAssignment {
	return roleassignment.Or(roleassignment.EducatorID(v.EducatorID),
		roleassignment.HasOrganizationWith(OrganizationsSeen(v)))
}

// AdministratorsGiveRoles lets administrators give roles at the organizations that they
// administer to educators of the same district. A school administrator thus never creates
// a district administrator.
func AdministratorsGiveRoles() privacy.MutationRule {
	return privacy.RoleAssignmentMutationRuleFunc(func(ctx context.Context, m *db.RoleAssignmentMutation) error {
		v := ask(ctx)
		if !v.IsAdmin() || !m.Op().Is(db.OpCreate) {
			return privacy.Skip
		}
		id, _ := m.OrganizationID()
		district, _ := m.DistrictID()
		administered, err := m.Client().Organization.Query().
			Where(organization.ID(id), organization.DistrictID(district), OrganizationsAdministered(v)).Exist(ctx)
		switch {
		case err != nil:
			return err
		case !administered:
			return privacy.Denyf("organization %d is outside of the purview", id)
		}
		// Nobody at the school sees an educator who is just getting a first role there.
		person, _ := m.EducatorID()
		theirs, err := m.Client().Educator.Query().
			Where(educator.ID(person), educator.DistrictID(district), educator.Service(0)).
			Exist(viewer.AsSystem(ctx, "district of an educator"))
		if err == nil && !theirs {
			return privacy.Denyf("educator %d is outside of the purview", person)
		}
		return allowIf(err)
	})
}
