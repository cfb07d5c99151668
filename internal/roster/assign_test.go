package roster_test

import (
	"sync"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/enrollment"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/roster"
)

func TestAssignStudents(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, r := fixture.New(t, d), newRoster(d)
		ada := w.Student(t, w.North, "Ada", "Lovelace", 600)
		bob := w.Student(t, w.North, "Bob", "Baker", 0, w.Algebra)
		eve := w.Student(t, w.East, "Eve", "East", 600)

		t.Run("adds what is missing and counts it", func(t *testing.T) {
			done, err := r.AssignStudents(w.As(t, w.NorthAdmin), ids(ada, bob), []int{w.Algebra.ID, w.Biology.ID})
			if err != nil {
				t.Fatal(err)
			}
			if done.Changed != 3 || done.Already != 1 {
				t.Errorf("added %d, already %d; want 3 and 1", done.Changed, done.Already)
			}
			for _, s := range done.Students {
				if s.GroupCount != 2 || s.Ungrouped != 0 {
					t.Errorf("%s: group_count %d, ungrouped %d", s.FirstName, s.GroupCount, s.Ungrouped)
				}
			}
			for _, g := range done.Groups {
				if g.StudentCount != 2 {
					t.Errorf("%s has %d students; want 2", g.Name, g.StudentCount)
				}
			}
			healthy(t, d)
		})
		t.Run("does nothing the second time", func(t *testing.T) {
			done, err := r.AssignStudents(w.As(t, w.NorthAdmin), ids(ada, bob), []int{w.Algebra.ID, w.Biology.ID})
			if err != nil || done.Changed != 0 || done.Already != 4 {
				t.Fatalf("added %d, already %d, %v; want 0 and 4", done.Changed, done.Already, err)
			}
		})
		t.Run("refuses what the caller does not see and changes nothing", func(t *testing.T) {
			before := enrollments(t, w)
			_, err := r.AssignStudents(w.As(t, w.NorthAdmin), ids(ada, eve), []int{w.Algebra.ID})
			refused(t, err, "NOT_FOUND", "studentIds.1")
			_, err = r.AssignStudents(w.As(t, w.NorthAdmin), ids(ada), []int{w.Biology.ID, w.Chemistry.ID})
			refused(t, err, "NOT_FOUND", "groupIds.1")
			if after := enrollments(t, w); after != before {
				t.Errorf("%d enrollments; want %d as before", after, before)
			}
		})
		t.Run("refuses a synced group", func(t *testing.T) {
			_, err := r.AssignStudents(w.As(t, w.DistrictAdmin), ids(ada), []int{w.Synced.ID})
			refused(t, err, "SYNCED_GROUP", "groupIds.0")
		})
		t.Run("refuses a selection that is empty or too large", func(t *testing.T) {
			_, err := r.AssignStudents(w.As(t, w.NorthAdmin), nil, []int{w.Algebra.ID})
			refused(t, err, "REQUIRED", "studentIds")
			_, err = r.AssignStudents(w.As(t, w.NorthAdmin), ids(ada), nil)
			refused(t, err, "REQUIRED", "groupIds")
			_, err = r.AssignStudents(w.As(t, w.NorthAdmin), make([]int, roster.MaxSelection+1), []int{w.Algebra.ID})
			refused(t, err, "TOO_MANY", "studentIds")
		})
		t.Run("lets a teacher assign students seen to groups taught only", func(t *testing.T) {
			lone := w.Student(t, w.North, "Lone", "Wolf", 600)
			taken := w.Student(t, w.North, "Taken", "Twice", 600, w.Biology)
			teacher := w.As(t, w.NorthTeacher)
			if _, err := r.AssignStudents(teacher, ids(lone), []int{w.Algebra.ID}); err != nil {
				t.Error(err)
			}
			_, err := r.AssignStudents(teacher, ids(taken), []int{w.Algebra.ID})
			refused(t, err, "NOT_FOUND", "studentIds.0")
			_, err = r.AssignStudents(teacher, ids(lone), []int{w.Biology.ID})
			refused(t, err, "NOT_FOUND", "groupIds.0")
		})
		t.Run("removes what is there and counts it", func(t *testing.T) {
			done, err := r.RemoveStudents(w.As(t, w.NorthAdmin), ids(ada, bob), []int{w.Biology.ID})
			if err != nil || done.Changed != 2 {
				t.Fatalf("removed %d, %v; want 2", done.Changed, err)
			}
			done, err = r.RemoveStudents(w.As(t, w.NorthAdmin), ids(ada), []int{w.Biology.ID, w.Algebra.ID})
			if err != nil || done.Changed != 1 || done.Students[0].Ungrouped != 1 {
				t.Fatalf("removed %d, ungrouped %d, %v; want 1 and 1", done.Changed, done.Students[0].Ungrouped, err)
			}
			healthy(t, d)
		})
	})
}

// TestAssignTogether has many callers assign and remove the same students in the
// same groups at once.
func TestAssignTogether(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, r := fixture.New(t, d), newRoster(d)
		w.Alpha.Update().SetHoldChangedPercent(100).ExecX(fixture.System()) // All of them leave groups.
		var students []*db.Student
		for range 20 {
			students = append(students, w.Student(t, w.North, "Pat", "Parallel", 600))
		}
		groups := []int{w.Algebra.ID, w.Biology.ID}
		var wg sync.WaitGroup
		for i := range 8 {
			ctx := w.As(t, w.NorthAdmin)
			wg.Go(func() {
				for round := range 10 {
					some := ids(students[(i+round)%10 : (i+round)%10+10]...)
					change := r.AssignStudents
					if (i+round)%3 == 0 {
						change = r.RemoveStudents
					}
					if _, err := change(ctx, some, groups); err != nil {
						t.Errorf("caller %d, round %d: %v", i, round, err)
						return
					}
				}
			})
		}
		wg.Wait()
		healthy(t, d)
	})
}

func enrollments(t *testing.T, w *fixture.World) int {
	t.Helper()
	n, err := w.Client().Enrollment.Query().Where(enrollment.IDGT(0)).Count(fixture.System())
	if err != nil {
		t.Fatal(err)
	}
	return n
}
