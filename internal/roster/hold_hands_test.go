package roster_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestAccountsOfOnesOwnMakingCountAsOne has somebody do a little with each of several
// accounts.
func TestAccountsOfOnesOwnMakingCountAsOne(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, r := fixture.New(t, d), newRoster(d)
		many := func(n int, school *db.Organization, in ...*db.Group) (all []*db.Student) {
			for range n {
				all = append(all, w.Student(t, school, "Sam", "Small", 0, in...))
			}
			return all
		}
		made := 0
		puppet := func(role viewer.Role, school *db.Organization, by ...int) *db.Educator {
			made++
			e := w.Educator(t, w.Alpha, fmt.Sprintf("Puppet%d Pat", made), role, school)
			if err := hold.Note(fixture.System(), w.Client(), fixture.Today, by, e.ID); err != nil {
				t.Fatal(err)
			}
			return e
		}
		t.Run("who makes administrators deletes no more with them", func(t *testing.T) {
			school := w.School(t, w.Alpha, "Puppets", "PU")
			all := many(100, school)
			maker := w.Educator(t, w.Alpha, "Mia Maker", viewer.SchoolAdmin, school)
			first := puppet(viewer.SchoolAdmin, school, maker.ID)
			second := puppet(viewer.SchoolAdmin, school, first.ID)
			if err := r.DeleteStudents(w.As(t, first), ids(all[:6]...)); err != nil {
				t.Fatal(err)
			}
			if err := r.DeleteStudents(w.As(t, second), ids(all[6:10]...)); err != nil {
				t.Fatal(err)
			}
			required(t, r.DeleteStudents(w.As(t, maker), ids(all[10])), "11 of 100 students")
			required(t, r.DeleteStudents(w.As(t, first), ids(all[10])), "11 of 100 students")
			// Somebody else has ten of his own.
			other := w.Educator(t, w.Alpha, "Otto Other", viewer.SchoolAdmin, school)
			if err := r.DeleteStudents(w.As(t, other), ids(all[10:20]...)); err != nil {
				t.Error(err)
			}
		})
		t.Run("nor changes more", func(t *testing.T) {
			school := w.School(t, w.Alpha, "Changed Puppets", "CP")
			all, grade := many(16, school), "9"
			maker := w.Educator(t, w.Alpha, "Mona Maker", viewer.SchoolAdmin, school)
			for i, st := range all[:12] {
				if _, err := r.UpdateStudent(w.As(t, puppet(viewer.SchoolAdmin, school, maker.ID)),
					roster.StudentChange{ID: st.ID, Grade: &grade}); err != nil {
					t.Fatal(i, err)
				}
			}
			_, err := r.UpdateStudent(w.As(t, maker), roster.StudentChange{ID: all[12].ID, Grade: &grade})
			required(t, err, "13 of 16 students")
		})
		t.Run("a program that sends most of a school every night takes nothing from administrators of the same file",
			func(t *testing.T) {
				school := w.School(t, w.Alpha, "Every night", "EN")
				all, grade := many(20, school), "9"
				program := puppet(viewer.SchoolAdmin, school, w.DistrictAdmin.ID)
				w.Client().Educator.UpdateOne(program).SetService(1).ExecX(fixture.System())
				nightly := hold.Loss{
					DistrictID:     w.Alpha.ID,
					OrganizationID: school.ID,
					Thing:          "STUDENT",
					Verb:           "CHANGED",
					Subjects:       ids(all[5:]...),
				}
				if err := hold.Write(w.As(t, program), w.Client(), fixture.Today, hold.Job{}, []hold.Loss{nightly}); err != nil {
					t.Fatal(err)
				}
				if _, err := r.UpdateStudent(w.As(t, puppet(viewer.SchoolAdmin, school, w.DistrictAdmin.ID)),
					roster.StudentChange{ID: all[0].ID, Grade: &grade}); err != nil {
					t.Error(err)
				}
			})
		t.Run("teachers of one file change their own students", func(t *testing.T) {
			school := w.School(t, w.Alpha, "Teachers", "TE")
			for i := range 3 {
				g := w.Group(t, school, fmt.Sprintf("Class %d", i))
				teacher, grade := puppet(viewer.Teacher, school, w.DistrictAdmin.ID), "9"
				w.Teach(t, teacher, g)
				for _, st := range many(6, school, g) {
					if _, err := r.UpdateStudent(w.As(t, teacher), roster.StudentChange{ID: st.ID, Grade: &grade}); err != nil {
						t.Fatal(i, err)
					}
				}
			}
		})
	})
}

// TestSmallChangesAtOnce has one account delete a few students while a transaction is
// open in which it has deleted a few others.
func TestSmallChangesAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, r := fixture.New(t, d), newRoster(d)
		school := w.School(t, w.Alpha, "At once", "AO")
		ctx := w.As(t, w.Educator(t, w.Alpha, "Anna Atonce", viewer.SchoolAdmin, school))
		var parts [2][]int
		for i := range 18 {
			parts[i%2] = append(parts[i%2], w.Student(t, school, "Sam", "Small", 0).ID)
		}
		done := make(chan error, 1)
		started := false
		err := d.InTx(ctx, func(inside context.Context, _ *db.Client) error {
			if err := r.DeleteStudents(inside, parts[0]); err != nil {
				return err
			}
			if started {
				return nil
			}
			started = true
			go func() { done <- r.DeleteStudents(ctx, parts[1]) }()
			dbtest.AwaitLockWaits(t, d, 1, func() bool { return len(done) > 0 })
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		required(t, <-done, "18 of 18 students of At once")
	})
}
