package rule

import (
	"context"
	"fmt"
	"strings"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// StudentsSeen matches the students of the organizations that the viewer administers and,
// for a teacher, those of the groups taught, and the ungrouped students of the schools
// where the viewer teaches.
func StudentsSeen(v *viewer.Viewer) predicate.Student { return jointly(v, studentsSeen) }

func studentsSeen(v *viewer.Viewer) predicate.Student {
	var taught []predicate.Student
	if v.IsTeacher() {
		taught = append(taught, studentsSeenByTeacher(v.EducatorID, v.TeacherSchools()))
	}
	return student.And(student.DeletedAtIsNil(), anyOf(student.Or, studentsAdministered(v), taught))
}

// StudentsEdited matches the students of the organizations that the viewer administers
// and, for a teacher, those of the groups taught.
func StudentsEdited(v *viewer.Viewer) predicate.Student { return jointly(v, studentsEdited) }

func studentsEdited(v *viewer.Viewer) predicate.Student {
	var taught []predicate.Student
	if v.IsTeacher() {
		taught = append(taught, studentsTaught(v.EducatorID))
	}
	return student.And(student.DeletedAtIsNil(), anyOf(student.Or, studentsAdministered(v), taught))
}

// StudentsAdministered matches the students of the organizations that the viewer
// administers.
func StudentsAdministered(v *viewer.Viewer) predicate.Student {
	return jointly(v, func(v *viewer.Viewer) predicate.Student {
		return student.And(student.DeletedAtIsNil(), anyOf(student.Or, studentsAdministered(v)))
	})
}

func studentsAdministered(v *viewer.Viewer) []predicate.Student {
	return append(when(v.AdminDistricts(), student.DistrictIDIn), when(v.AdminSchools(), student.OrganizationIDIn)...)
}

const taughtStudentIDs = "SELECT e.student_id FROM enrollments e JOIN group_educators t ON t.group_id = e.group_id " +
	"WHERE t.educator_id = ?"

func studentsTaught(educatorID int) predicate.Student {
	return func(s *sql.Selector) {
		s.Where(sql.ExprP(fmt.Sprintf("%s IN (%s)", s.C(student.FieldID), taughtStudentIDs), educatorID))
	}
}

// studentsSeenByTeacher is one IN over a union. With an OR of two conditions, the
// databases would read every student to find a class of thirty.
func studentsSeenByTeacher(educatorID int, schools []int) predicate.Student {
	return func(s *sql.Selector) {
		args := []any{educatorID}
		for _, id := range schools {
			args = append(args, id)
		}
		places := strings.TrimSuffix(strings.Repeat("?, ", len(schools)), ", ")
		s.Where(sql.ExprP(fmt.Sprintf("%s IN (SELECT student_id FROM (%s UNION ALL "+
			"SELECT u.id FROM students u WHERE u.organization_id IN (%s) AND u.ungrouped = 1 AND u.deleted_at IS NULL) AS mine)",
			s.C(student.FieldID), taughtStudentIDs, places), args...))
	}
}

// LimitStudentsToPurview is the rule for reading students.
func LimitStudentsToPurview() privacy.QueryRule {
	return privacy.StudentQueryRuleFunc(func(ctx context.Context, q *db.StudentQuery) error {
		q.Where(StudentsSeen(ask(ctx)))
		return privacy.Allow
	})
}

// EducatorsChangeTheirStudents lets administrators create, change, move and hide students,
// and teachers create students at their schools and change those of their groups. No row
// is deleted: hiding is a change of deleted_at.
func EducatorsChangeTheirStudents() privacy.MutationRule {
	return privacy.StudentMutationRuleFunc(func(ctx context.Context, m *db.StudentMutation) error {
		v := ask(ctx)
		if organizationID, moves := m.OrganizationID(); moves {
			if err := mayHaveStudents(ctx, m, v, organizationID); err != nil {
				return err
			}
		}
		switch {
		case m.Op().Is(db.OpCreate):
			return privacy.Allow
		case m.Op().Is(db.OpUpdate | db.OpUpdateOne):
			_, hides := m.DeletedAt()
			_, moves := m.OrganizationID()
			if hides || m.DeletedAtCleared() || moves || tellsWhenTheyCame(m) {
				m.Where(StudentsAdministered(v))
			} else {
				m.Where(StudentsEdited(v))
			}
			return privacy.Allow
		default:
			return privacy.Skip
		}
	})
}

// tellsWhenTheyCame reports whether a change sets the columns that say since when students
// are there.
func tellsWhenTheyCame(m *db.StudentMutation) bool {
	_, returned := m.ReturnedAt()
	_, gone := m.GoneAt()
	_, moved := m.MovedAt()
	return returned || gone || moved || m.ReturnedAtCleared() || m.GoneAtCleared() || m.MovedAtCleared()
}

// mayHaveStudents checks that the viewer may put students into a school: only an
// administrator of both schools moves a student, and a teacher creates students at the
// teacher's schools. A new student names the district of the school.
func mayHaveStudents(ctx context.Context, m *db.StudentMutation, v *viewer.Viewer, organizationID int) error {
	districtID, creates := m.DistrictID()
	if creates && v.TeachesAt(organizationID) && districtID == v.DistrictID {
		return nil
	}
	schools := m.Client().Organization.Query().
		Where(organization.ID(organizationID), organization.TypeEQ(organization.TypeSCHOOL), OrganizationsAdministered(v))
	if creates {
		schools.Where(organization.DistrictID(districtID))
	}
	administered, err := schools.Exist(ctx)
	if err != nil {
		return err
	}
	if !administered {
		return privacy.Denyf("school %d is outside of the purview", organizationID)
	}
	return nil
}
