package roster_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"entgo.io/ent"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// TestWhoComesBackByTheStudentID is about what remains of the student who was there
// before.
func TestWhoComesBackByTheStudentID(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, r := fixture.New(t, d), newRoster(d)
		admin, system := w.As(t, w.NorthAdmin), fixture.System()
		product := w.Client().Product.Create().SetCode("reading").SaveX(system)
		gone := func(t *testing.T) *db.Student {
			st := w.Student(t, w.North, "Gone", "Soon", 0, w.Algebra)
			st.Update().SetPasswordHash("the old one").ExecX(system)
			if err := r.DeleteStudents(admin, ids(st)); err != nil {
				t.Fatal(err)
			}
			return st
		}
		back := func(t *testing.T, st *db.Student, password *string) *db.Student {
			t.Helper()
			again, err := r.CreateStudent(admin,
				roster.NewStudent{OrganizationID: w.North.ID, ExternalID: st.ExternalID, FirstName: "Back", LastName: "Again",
					Username: "back" + st.ExternalID, Grade: "8", Password: password})
			if err != nil || again.ID != st.ID {
				t.Fatalf("%v, %v; want student %d", again, err, st.ID)
			}
			return w.Client().Student.GetX(system, st.ID)
		}
		t.Run("the old password opens nothing any more", func(t *testing.T) {
			if st := back(t, gone(t), nil); st.PasswordHash != "" {
				t.Errorf("the password is %q", st.PasswordHash)
			}
		})
		t.Run("a new password is the one that counts", func(t *testing.T) {
			if st := back(t, gone(t), ptr("the new one")); st.PasswordHash != "hash of the new one" {
				t.Errorf("the password is %q", st.PasswordHash)
			}
		})
		t.Run("the usage is counted anew", func(t *testing.T) {
			st := gone(t)
			// The sum in the row is for another school year; the days are there.
			w.Client().UsageDay.Create().SetStudentID(st.ID).SetProductID(product.ID).SetDay(calendar.Date(2026, 10, 5)).
				SetSeconds(90).ExecX(system)
			if st := back(t, st, nil); st.SecondsThisYear != 90 || st.Active != 1 {
				t.Errorf("%d seconds, active %d; want 90 and 1", st.SecondsThisYear, st.Active)
			}
		})
	})
}

func TestAPasswordThatIsRequired(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, r := fixture.New(t, d), newRoster(d)
		w.Alpha.Update().SetPasswordRequired(1).ExecX(fixture.System())
		admin := w.As(t, w.NorthAdmin)
		in := roster.NewStudent{
			OrganizationID: w.North.ID,
			ExternalID:     "1",
			FirstName:      "Ada",
			LastName:       "Lovelace",
			Username:       "ada",
			Grade:          "8",
		}
		_, err := r.CreateStudent(admin, in)
		refused(t, err, "REQUIRED", "password")
		in.Password = ptr("secret")
		if _, err := r.CreateStudent(admin, in); err != nil {
			t.Error(err)
		}
	})
}

func TestASyncedStudentIsNotRestored(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, r := fixture.New(t, d), newRoster(d)
		admin := w.As(t, w.NorthAdmin)
		st, other := w.Student(t, w.North, "Ada", "Lovelace", 0), w.Student(t, w.North, "Bob", "Noone", 0)
		if err := r.DeleteStudents(admin, ids(st, other)); err != nil {
			t.Fatal(err)
		}
		// The school's system has taken the student over since.
		w.Client().Student.UpdateOneID(st.ID).SetSynced(1).ExecX(fixture.System())
		_, err := r.RestoreStudents(admin, ids(other, st))
		refused(t, err, "SYNCED_STUDENT", "studentIds.1")
		if w.Client().Student.GetX(fixture.System(), other.ID).DeletedAt == nil {
			t.Error("the other one came back all the same")
		}
	})
}

// TestWhoJoinsAGroupThatIsDeleted lets a student join when the members have been
// read, and before the group is locked.
func TestWhoJoinsAGroupThatIsDeleted(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, r := fixture.New(t, d), newRoster(d)
		late := w.Student(t, w.North, "Late", "Comer", 0)
		w.Student(t, w.North, "Ada", "Lovelace", 0, w.Algebra)
		var once sync.Once
		join := ent.InterceptFunc(func(next ent.Querier) ent.Querier {
			return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
				v, err := next.Query(ctx, q)
				once.Do(func() {
					tx := d.Client(ctx)
					tx.Enrollment.Create().SetStudentID(late.ID).SetGroupID(w.Algebra.ID).ExecX(fixture.System())
					tx.Group.UpdateOneID(w.Algebra.ID).AddStudentCount(1).ExecX(fixture.System())
				})
				return v, err
			})
		})
		// What a transaction reads passes the interceptors of all transactions.
		err := d.InTx(fixture.System(), func(_ context.Context, client *db.Client) error {
			client.Enrollment.Intercept(join)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		refused(t, r.DeleteGroup(w.As(t, w.NorthAdmin), w.Algebra.ID), "CONFLICT", "id")
		if _, err := r.Group(w.As(t, w.NorthAdmin), w.Algebra.ID); err != nil {
			t.Errorf("it is gone: %v", err)
		}
	})
}

func TestAnErasureOfSomebodyWhoIsGoneFails(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		st := w.Student(t, w.North, "Ada", "Lovelace", 0)
		err := d.InTx(fixture.System(), func(ctx context.Context, client *db.Client) error {
			_, err := roster.Erase(ctx, client, []*db.Student{st, {ID: st.ID + 1000}})
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "removed 1 of 2 students") {
			t.Errorf("%v", err)
		}
		if !w.Client().Student.Query().ExistX(fixture.System()) {
			t.Error("the student who was there is gone all the same")
		}
	})
}

func TestGroupsOfAnEducator(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, r := fixture.New(t, d), newRoster(d)
		for who, want := range map[*db.Educator]int{w.NorthTeacher: 1, w.NorthAdmin: 0} {
			l, err := r.Groups(w.As(t, w.DistrictAdmin), 0, roster.GroupFilter{EducatorIDs: []int{who.ID}})
			if err != nil {
				t.Fatal(err)
			}
			if n, err := l.Count(w.As(t, w.DistrictAdmin)); err != nil || n != want {
				t.Errorf("%s teaches %d groups, %v; want %d", who.FirstName, n, err, want)
			}
		}
	})
}
