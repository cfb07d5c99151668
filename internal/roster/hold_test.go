package roster_test

import (
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// required checks that a change was refused because it needs a second administrator.
func required(t *testing.T, err error, words string) {
	t.Helper()
	if e := fault.From(err); e == nil || e.Code != hold.Required || e.Kind != fault.Conflict ||
		!strings.Contains(e.Message, words) {
		t.Errorf("%v; want %s: %s", err, hold.Required, words)
	}
}

// TestSmallChangesAddUp has people do without a bulk job what one would be held for.
func TestSmallChangesAddUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, r := fixture.New(t, d), newRoster(d)
		many := func(n int, school *db.Organization, in ...*db.Group) (all []*db.Student) {
			for range n {
				all = append(all, w.Student(t, school, "Sam", "Small", 0, in...))
			}
			return all
		}
		there := func(school *db.Organization) int {
			rows, err := d.Query(t.Context(),
				"SELECT COUNT(*) FROM students WHERE deleted_at IS NULL AND organization_id = ?", school.ID)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			n := 0
			for rows.Next() {
				if err := rows.Scan(&n); err != nil {
					t.Fatal(err)
				}
			}
			return n
		}
		t.Run("ten students can be deleted in a small school, and not eleven", func(t *testing.T) {
			small := w.School(t, w.Alpha, "Small School", "SM")
			all := many(12, small)
			ctx := w.As(t, w.DistrictAdmin)
			if err := r.DeleteStudents(ctx, ids(all[:5]...)); err != nil {
				t.Fatal(err)
			}
			if err := r.DeleteStudents(ctx, ids(all[5:10]...)); err != nil {
				t.Fatal(err)
			}
			required(t, r.DeleteStudents(ctx, ids(all[10])), "11 of 12 students")
			if there(small) != 2 {
				t.Errorf("%d are there", there(small))
			}
			if _, err := r.RestoreStudents(ctx, ids(all[:10]...)); err != nil {
				t.Fatal(err)
			}
			if err := r.DeleteStudents(ctx, ids(all[10:]...)); err != nil {
				t.Errorf("those who are there again count: %v", err)
			}
			if _, err := r.RestoreStudents(ctx, ids(all[10:]...)); err != nil {
				t.Fatal(err)
			}
		})
		t.Run("nor in one of a hundred, where the month allows more than the day", func(t *testing.T) {
			large := w.School(t, w.Alpha, "Large School", "LA")
			all := many(100, large)
			ctx := w.As(t, w.DistrictAdmin)
			if err := r.DeleteStudents(ctx, ids(all[:10]...)); err != nil {
				t.Fatal(err)
			}
			required(t, r.DeleteStudents(ctx, ids(all[10])), "11 of 100 students")
			if there(large) != 90 {
				t.Errorf("%d are there", there(large))
			}
		})
		t.Run("a thousand at a time are too many at once", func(t *testing.T) {
			all := many(120, w.South)
			ctx := w.As(t, w.SouthAdmin)
			required(t, r.DeleteStudents(ctx, ids(all[:100]...)),
				"100 of 120 students of South School, and more than 10 % need a second administrator; "+
					"submit it with bulkDeleteStudents")
			if there(w.South) != 120 {
				t.Errorf("%d are there", there(w.South))
			}
			if err := r.DeleteStudents(ctx, ids(all[:12]...)); err != nil {
				t.Fatal(err)
			}
			required(t, r.DeleteStudents(ctx, ids(all[12])), "13 of 120 students")
		})
		t.Run("so are schools of a district, one by one", func(t *testing.T) {
			// Ten of each of these are few there, and together they are not.
			ctx, refused := w.As(t, w.DistrictAdmin), 0
			for i := range 5 {
				school := w.School(t, w.Alpha, "One of many", "M"+string(rune('A'+i)))
				if err := r.DeleteStudents(ctx, ids(many(10, school)...)); err != nil {
					required(t, err, "students of Alpha District, and more than 10 %")
					refused++
				}
			}
			if refused == 0 {
				t.Error("nobody was refused")
			}
		})
		t.Run("removals from groups and other changes add up, of students and not of clicks", func(t *testing.T) {
			all := many(20, w.North, w.Algebra)
			ctx := w.As(t, w.NorthTeacher)
			for _, grade := range []string{"8", "8", "9"} {
				for _, st := range all[:10] {
					if _, err := r.UpdateStudent(ctx, roster.StudentChange{ID: st.ID, Grade: &grade}); err != nil {
						t.Fatal(err)
					}
				}
			}
			if _, err := r.RemoveStudents(ctx, ids(all[5:15]...), []int{w.Algebra.ID}); err != nil {
				t.Fatal(err)
			}
			_, err := r.RemoveStudents(ctx, ids(all[15]), []int{w.Algebra.ID})
			required(t, err,
				"more than 75 % of the students of North School would be changed within 24 hours; ask an administrator")
			if strings.Contains(err.Error(), "20") {
				t.Errorf("a teacher reads how many students there are: %v", err)
			}
			// Coming in is no loss.
			if _, err := r.AssignStudents(ctx, ids(all...), []int{w.Algebra.ID}); err != nil {
				t.Error(err)
			}
		})
		t.Run("a deleted group takes its students with it", func(t *testing.T) {
			east := w.Group(t, w.East, "Everybody")
			all := many(20, w.East, east)
			required(t, r.DeleteGroup(w.As(t, w.BetaAdmin), east.ID), "change 20 of 20 students")
			if got := w.Client().Group.GetX(fixture.System(), east.ID).StudentCount; got != len(all) {
				t.Errorf("%d students in the group", got)
			}
		})
		t.Run("moves to another school empty it", func(t *testing.T) {
			ctx, west := w.As(t, w.BetaAdmin), w.School(t, w.Beta, "West School", "WE")
			all := w.Client().Student.Query().AllX(fixture.System())
			moved := 0
			var err error
			for _, st := range all {
				if st.OrganizationID != w.East.ID {
					continue
				}
				if _, err = r.UpdateStudent(ctx, roster.StudentChange{ID: st.ID, OrganizationID: &west.ID}); err != nil {
					break
				}
				moved++
			}
			required(t, err, "need a second administrator")
			if moved < 10 || moved > 15 {
				t.Errorf("%d moved", moved)
			}
		})
		t.Run("the operator is refused nothing", func(t *testing.T) {
			if err := r.DeleteStudents(fixture.System(), ids(many(30, w.South)...)); err != nil {
				t.Error(err)
			}
		})
	})
}
