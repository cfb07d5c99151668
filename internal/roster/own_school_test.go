package roster_test

import (
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/enrollment"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// TestAStudentIsInGroupsOfTheOwnSchoolOnly tries every way into a group, and out of one by
// a move.
func TestAStudentIsInGroupsOfTheOwnSchoolOnly(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, r := fixture.New(t, d), newRoster(d)
		w.Alpha.Update().SetHoldChangedPercent(100).SetHoldDeletedPercent(100).ExecX(fixture.System())
		system, district := fixture.System(), w.As(t, w.DistrictAdmin)
		groupsOf := func(st *db.Student) []int {
			return w.Client().Enrollment.Query().Where(enrollment.StudentID(st.ID)).Order(db.Asc(enrollment.FieldGroupID)).
				Select(enrollment.FieldGroupID).IntsX(system)
		}
		wantGroups := func(t *testing.T, st *db.Student, want ...*db.Group) {
			t.Helper()
			got := groupsOf(st)
			same := len(got) == len(want)
			for i := 0; same && i < len(want); i++ {
				same = got[i] == want[i].ID
			}
			now := w.Client().Student.GetX(system, st.ID)
			if !same || now.GroupCount != len(want) || (now.Ungrouped == 1) != (len(want) == 0) {
				t.Errorf("the student is in %v and counts %d, ungrouped %d; want %v", got, now.GroupCount, now.Ungrouped, want)
			}
			healthy(t, d)
		}
		moves := func(t *testing.T, st *db.Student, to *db.Organization) {
			t.Helper()
			if _, err := r.UpdateStudent(district, roster.StudentChange{ID: st.ID, OrganizationID: &to.ID}); err != nil {
				t.Fatal(err)
			}
		}

		t.Run("an assignment names each student of another school, and changes nothing", func(t *testing.T) {
			here, there := w.Student(t, w.North, "Hera", "Here", 0), w.Student(t, w.South, "Theo", "There", 0)
			_, err := r.AssignStudents(district, ids(here, there), []int{w.Algebra.ID, w.Biology.ID})
			refused(t, err, "OTHER_SCHOOL", "studentIds.1")
			_, err = r.AssignStudents(district, ids(here, there), []int{w.Biology.ID, w.Chemistry.ID})
			refused(t, err, "OTHER_SCHOOL", "studentIds.0")
			refused(t, err, "OTHER_SCHOOL", "studentIds.1")
			wantGroups(t, here)
			wantGroups(t, there)
		})
		t.Run("nor does a teacher of both schools", func(t *testing.T) {
			w.Client().RoleAssignment.Create().SetEducatorID(w.NorthTeacher.ID).SetOrganizationID(w.South.ID).
				SetDistrictID(w.Alpha.ID).SetRole(roleassignment.RoleTEACHER).ExecX(system)
			w.Teach(t, w.NorthTeacher, w.Chemistry)
			both := w.As(t, w.NorthTeacher)
			lone := w.Student(t, w.South, "Lone", "Wolf", 0)
			_, err := r.AssignStudents(both, ids(lone), []int{w.Algebra.ID})
			refused(t, err, "OTHER_SCHOOL", "studentIds.0")
			_, err = r.CreateStudent(both, roster.NewStudent{OrganizationID: w.South.ID, ExternalID: "T1", FirstName: "A",
				LastName: "B", Username: "teacher's", Grade: "1", GroupIDs: []int{w.Chemistry.ID, w.Algebra.ID}})
			refused(t, err, "OTHER_SCHOOL", "groupIds.1")
			if _, err := r.AssignStudents(both, ids(lone), []int{w.Chemistry.ID}); err != nil {
				t.Fatal(err)
			}
			wantGroups(t, lone, w.Chemistry)
		})
		t.Run("a new student, and one who comes back, joins groups of the school", func(t *testing.T) {
			in := roster.NewStudent{OrganizationID: w.North.ID, ExternalID: "N1", FirstName: "New", LastName: "Comer",
				Username: "newcomer", Grade: "1", GroupIDs: []int{w.Chemistry.ID}}
			_, err := r.CreateStudent(district, in)
			refused(t, err, "OTHER_SCHOOL", "groupIds.0")
			in.GroupIDs = []int{w.Algebra.ID}
			st, err := r.CreateStudent(district, in)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.DeleteStudents(district, ids(st)); err != nil {
				t.Fatal(err)
			}
			in.OrganizationID = w.South.ID
			_, err = r.CreateStudent(district, in)
			refused(t, err, "OTHER_SCHOOL", "groupIds.0")
			in.GroupIDs = []int{w.Chemistry.ID}
			if st, err = r.CreateStudent(district, in); err != nil {
				t.Fatal(err)
			}
			wantGroups(t, st, w.Chemistry)
		})
		t.Run("a new group takes students of its school", func(t *testing.T) {
			here, there := w.Student(t, w.North, "Hal", "Here", 0), w.Student(t, w.South, "Tea", "There", 0)
			_, err := r.CreateGroup(district,
				roster.NewGroup{OrganizationID: w.North.ID, Name: "Mixed", StudentIDs: ids(here, there)})
			refused(t, err, "OTHER_SCHOOL", "studentIds.1")
			wantGroups(t, here)
		})
		t.Run("a move ends the enrollments of other schools", func(t *testing.T) {
			st := w.Student(t, w.North, "Mo", "Ver", 0, w.Algebra, w.Biology)
			moves(t, st, w.South)
			wantGroups(t, st)
			if _, err := r.AssignStudents(district, ids(st), []int{w.Chemistry.ID}); err != nil {
				t.Fatal(err)
			}
			if _, err := r.UpdateStudent(district, roster.StudentChange{ID: st.ID, OrganizationID: &w.South.ID}); err != nil {
				t.Fatal(err)
			}
			wantGroups(t, st, w.Chemistry)
		})
		t.Run("who is in a synced group is moved in the school's system", func(t *testing.T) {
			st := w.Student(t, w.North, "Sy", "Class", 0, w.Algebra, w.Synced)
			_, err := r.UpdateStudent(district, roster.StudentChange{ID: st.ID, OrganizationID: &w.South.ID})
			refused(t, err, "SYNCED_GROUP", "organizationId")
			wantGroups(t, st, w.Algebra, w.Synced)
		})
		t.Run("who is restored comes back to groups of the school alone", func(t *testing.T) {
			st := w.Student(t, w.North, "Res", "Tored", 0, w.Algebra, w.Biology)
			if err := r.DeleteStudents(district, ids(st)); err != nil {
				t.Fatal(err)
			}
			goes := func(to *db.Organization) {
				if _, err := w.Client().ExecContext(system, "UPDATE `groups` SET organization_id = ? WHERE id = ?", to.ID,
					w.Biology.ID); err != nil {
					t.Fatal(err)
				}
			}
			goes(w.South)
			defer goes(w.North)
			former, err := r.FormerGroups(district, ids(st))
			if err != nil || len(former[st.ID]) != 1 || former[st.ID][0].ID != w.Algebra.ID {
				t.Errorf("would come back to %v, %v", former, err)
			}
			done, err := r.RestoreStudents(district, ids(st))
			if err != nil || done.Rejoined != 1 || done.Lost != 1 {
				t.Errorf("%+v, %v; want one enrollment that came back and one lost", done, err)
			}
			wantGroups(t, st, w.Algebra)
		})
	})
}
