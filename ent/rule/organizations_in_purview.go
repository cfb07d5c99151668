package rule

import (
	"context"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// OrganizationsSeen matches the districts that the viewer administers with all their
// schools, and the schools where the viewer has a role.
func OrganizationsSeen(v *viewer.Viewer) predicate.Organization {
	return jointly(v, organizationsSeen)
}

func organizationsSeen(v *viewer.Viewer) predicate.Organization {
	return anyOf(organization.Or,
		when(v.AdminDistricts(), organization.DistrictIDIn),
		when(append(v.AdminSchools(), v.TeacherSchools()...), organization.IDIn))
}

// OrganizationsAdministered matches the organizations that the viewer administers.
func OrganizationsAdministered(v *viewer.Viewer) predicate.Organization {
	return jointly(v, organizationsAdministered)
}

func organizationsAdministered(v *viewer.Viewer) predicate.Organization {
	return anyOf(organization.Or,
		when(v.AdminDistricts(), organization.DistrictIDIn),
		when(v.AdminSchools(), organization.IDIn))
}

// LimitOrganizationsToPurview is the rule for reading organizations.
func LimitOrganizationsToPurview() privacy.QueryRule {
	return privacy.OrganizationQueryRuleFunc(func(ctx context.Context, q *db.OrganizationQuery) error {
		q.Where(OrganizationsSeen(ask(ctx)))
		return privacy.Allow
	})
}

// settings are the columns that a school administrator may change too.
var settings = []string{
	organization.FieldSchoolYearStartsOn, organization.FieldSchoolYearEndsOn, organization.FieldUsageGoalMinutes,
	organization.FieldTimeZone, organization.FieldPasswordMinLength, organization.FieldPasswordRequired,
	organization.FieldHoldDeletedPercent, organization.FieldHoldChangedPercent, organization.FieldPendingSettings,
	organization.FieldSecondFactorRequired,
}

// places are the columns that say where an organization belongs. People never change them:
// a district administrator must not take a school out of the district, nor move it to
// another one.
var places = []string{organization.FieldDistrictID, organization.FieldParentID}

// DistrictAdministratorsChangeSchools lets district administrators create and change the
// schools of their districts, and school administrators change the settings of their
// schools. Nobody deletes an organization.
func DistrictAdministratorsChangeSchools() privacy.MutationRule {
	return privacy.OrganizationMutationRuleFunc(func(ctx context.Context, m *db.OrganizationMutation) error {
		districts := ask(ctx).AdminDistricts()
		switch {
		case m.Op().Is(db.OpCreate):
			district, _ := m.DistrictID()
			if kind, _ := m.GetType(); kind != organization.TypeSCHOOL || !contains(districts, district) {
				return privacy.Denyf("only a district administrator creates schools")
			}
			if parent, ok := m.ParentID(); ok && parent != district {
				return privacy.Denyf("organization %d is not the district of the school", parent)
			}
			return privacy.Allow
		case m.Op().Is(db.OpUpdate | db.OpUpdateOne):
			fields := slices.Concat(m.Fields(), m.AddedFields(), m.ClearedFields())
			if slices.ContainsFunc(fields, func(f string) bool { return slices.Contains(places, f) }) {
				return privacy.Denyf("an organization stays where it is")
			}
			if slices.ContainsFunc(fields, func(f string) bool { return !slices.Contains(settings, f) }) {
				m.Where(anyOf(organization.Or, when(districts, organization.DistrictIDIn)))
			} else {
				m.Where(OrganizationsAdministered(ask(ctx)))
			}
			return privacy.Allow
		default:
			return privacy.Skip
		}
	})
}

// checkDistrict refuses a new row whose organization belongs to another district than the
// row says. Otherwise a district administrator could reach into every other district by
// naming their own.
func checkDistrict(ctx context.Context, client *db.Client, organizationID, districtID int) error {
	lies, err := client.Organization.Query().Where(organization.ID(organizationID), organization.DistrictID(districtID)).
		Exist(viewer.AsSystem(ctx, "district of an organization"))
	if err == nil && !lies {
		return privacy.Denyf("organization %d does not lie in district %d", organizationID, districtID)
	}
	return err
}
