package rule

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/enrollment"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/groupeducator"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// GroupsSeen matches the groups of the organizations that the viewer administers, and the
// groups that the viewer teaches. A group that is seen may be edited, unless it is synced.
func GroupsSeen(v *viewer.Viewer) predicate.Group { return jointly(v, groupsSeen) }

func groupsSeen(v *viewer.Viewer) predicate.Group {
	var taught []predicate.Group
	if v.IsTeacher() {
		taught = append(taught, func(s *sql.Selector) {
			s.Where(sql.ExprP(fmt.Sprintf("%s IN (SELECT t.group_id FROM group_educators t WHERE t.educator_id = ?)",
				s.C(group.FieldID)), v.EducatorID))
		})
	}
	return anyOf(group.Or,
		when(v.AdminDistricts(), group.DistrictIDIn),
		when(v.AdminSchools(), group.OrganizationIDIn),
		taught)
}

// LimitGroupsToPurview is the rule for reading groups.
func LimitGroupsToPurview() privacy.QueryRule {
	return privacy.GroupQueryRuleFunc(func(ctx context.Context, q *db.GroupQuery) error {
		q.Where(GroupsSeen(ask(ctx)))
		return privacy.Allow
	})
}

// EducatorsChangeTheirGroups lets administrators and teachers create groups at their
// schools and change those that they see. Only administrators delete groups.
func EducatorsChangeTheirGroups() privacy.MutationRule {
	return privacy.GroupMutationRuleFunc(func(ctx context.Context, m *db.GroupMutation) error {
		v := ask(ctx)
		switch {
		case m.Op().Is(db.OpCreate):
			id, _ := m.OrganizationID()
			district, _ := m.DistrictID()
			ok, err := m.Client().Organization.Query().
				Where(organization.ID(id), organization.DistrictID(district), organization.TypeEQ(organization.TypeSCHOOL)).
				Exist(ctx)
			if err != nil {
				return err
			}
			if !ok {
				return privacy.Denyf("school %d is outside of the purview", id)
			}
			return privacy.Allow
		case m.Op().Is(db.OpUpdate | db.OpUpdateOne):
			m.Where(GroupsSeen(v))
			return privacy.Allow
		case v.IsAdmin():
			m.Where(anyOf(group.Or, when(v.AdminDistricts(), group.DistrictIDIn),
				when(v.AdminSchools(), group.OrganizationIDIn)))
			return privacy.Allow
		default:
			return privacy.Skip
		}
	})
}

// LimitEnrollmentsToPurview shows the enrollments of groups in the purview.
func LimitEnrollmentsToPurview() privacy.QueryRule {
	return privacy.EnrollmentQueryRuleFunc(func(ctx context.Context, q *db.EnrollmentQuery) error {
		q.Where(enrollment.HasGroupWith(GroupsSeen(ask(ctx))))
		return privacy.Allow
	})
}

// EducatorsEnrollStudentsTheySee lets viewers enroll students whom they see in groups that
// they see, and take them out of such groups.
func EducatorsEnrollStudentsTheySee() privacy.MutationRule {
	return privacy.EnrollmentMutationRuleFunc(func(ctx context.Context, m *db.EnrollmentMutation) error {
		if m.Op().Is(db.OpDelete | db.OpDeleteOne) {
			m.Where(enrollment.HasGroupWith(GroupsSeen(ask(ctx))))
			return privacy.Allow
		}
		studentID, _ := m.StudentID()
		groupID, _ := m.GroupID()
		sees, err := m.Client().Student.Query().Where(student.ID(studentID)).Exist(ctx)
		if err == nil && sees {
			sees, err = m.Client().Group.Query().Where(group.ID(groupID)).Exist(ctx)
		}
		switch {
		case err != nil:
			return err
		case !sees:
			return privacy.Denyf("student %d or group %d is outside of the purview", studentID, groupID)
		default:
			return privacy.Allow
		}
	})
}

// LimitTeachingToPurview shows who teaches the groups in the purview.
func LimitTeachingToPurview() privacy.QueryRule {
	return privacy.GroupEducatorQueryRuleFunc(func(ctx context.Context, q *db.GroupEducatorQuery) error {
		q.Where(groupeducator.HasGroupWith(GroupsSeen(ask(ctx))))
		return privacy.Allow
	})
}

// EducatorsChangeWhoTeachesTheirGroups lets viewers add and remove the educators of groups
// that they see. For a new group, the service writes who teaches it, in the transaction
// that creates the group.
func EducatorsChangeWhoTeachesTheirGroups() privacy.MutationRule {
	return privacy.GroupEducatorMutationRuleFunc(func(ctx context.Context, m *db.GroupEducatorMutation) error {
		v := ask(ctx)
		if m.Op().Is(db.OpDelete | db.OpDeleteOne) {
			m.Where(groupeducator.HasGroupWith(GroupsSeen(v)))
			return privacy.Allow
		}
		groupID, _ := m.GroupID()
		educatorID, _ := m.EducatorID()
		seesGroup, err := m.Client().Group.Query().Where(group.ID(groupID)).Exist(ctx)
		if err != nil {
			return err
		}
		if !seesGroup {
			return privacy.Denyf("group %d is outside of the purview", groupID)
		}
		seesEducator, err := m.Client().Educator.Query().Where(educatorWithID(educatorID)).Exist(ctx)
		if err != nil {
			return err
		}
		if !seesEducator {
			return privacy.Denyf("educator %d is outside of the purview", educatorID)
		}
		return privacy.Allow
	})
}
