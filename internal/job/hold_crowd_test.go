package job_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestACrowdIsNoRoom adds students, groups and accounts in every way, and then changes so
// many of those who were there before that a second administrator has to approve it.
func TestACrowdIsNoRoom(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.holds()
		people := roster.New(d, roster.Options{Now: func() time.Time { return fixture.Today },
			Log: slog.New(slog.DiscardHandler), Recount: b.recounted.add})
		schools := 0
		// school is one with 40 students, and an administrator.
		school := func(b *bench) (o *db.Organization, admin *db.Educator, all []*db.Student) {
			schools++
			o = b.School(b.t, b.Alpha, fmt.Sprint("Crowded ", schools), fmt.Sprint("C", schools))
			for i := range 40 {
				all = append(all, b.Student(b.t, o, "Wa", fmt.Sprint("S", schools, "x", i), 0))
			}
			return o, b.Educator(b.t, b.Alpha, fmt.Sprintf("Crowd%d Admin", schools), viewer.SchoolAdmin, o), all
		}
		crowd := func(n int) string {
			file := header
			for i := range n {
				file += fmt.Sprintf(",crowd%d-%d,New,One,crowd%d-%d,,7,,\n", schools, i, schools, i)
			}
			return file
		}
		regraded := func(list []*db.Student) string {
			file := "Database ID,Grade\n"
			for _, st := range list {
				file += stu(st) + ",5\n"
			}
			return file
		}
		keys := func(list []*db.Student) (ids []int) {
			for _, st := range list {
				ids = append(ids, st.ID)
			}
			return ids
		}
		t.Run("students of a file, before many are changed", func(t *testing.T) {
			b := b.on(t)
			o, admin, all := school(b)
			b.want(b.imported(admin, o, students, crowd(200)), completed, 200, 0, 0, 0)
			b.starts(admin, b.verified(admin, o, students, regraded(all[:31])), held)
			b.starts(admin, b.verified(admin, o, students, regraded(all[:30])), processing)
			grade := "6"
			_, err := people.UpdateStudent(b.As(t, admin), roster.StudentChange{ID: all[39].ID, Grade: &grade})
			b.refused(err, fault.Conflict, "HOLD_REQUIRED", "this would change 31 of 40 students")
		})
		t.Run("and these may be changed themselves", func(t *testing.T) {
			b := b.on(t)
			o, admin, all := school(b)
			b.want(b.imported(admin, o, students, crowd(60)), completed, 60, 0, 0, 0)
			fresh := b.Client().Student.Query().Where(student.OrganizationID(o.ID), student.FirstName("New")).
				AllX(fixture.System())
			b.starts(admin, b.verified(admin, o, students, regraded(append(fresh, all[:10]...))), processing)
		})
		t.Run("students who were created one by one, before many are deleted", func(t *testing.T) {
			b := b.on(t)
			o, admin, all := school(b)
			for i := range 80 {
				name := fmt.Sprintf("single%d-%d", schools, i)
				if _, err := people.CreateStudent(b.As(t, admin), roster.NewStudent{OrganizationID: o.ID, ExternalID: name,
					FirstName: "New", LastName: "One", Username: name, Grade: "7"}); err != nil {
					t.Fatal(err)
				}
			}
			b.refused(people.DeleteStudents(b.As(t, admin), keys(all[:11])), fault.Conflict, "HOLD_REQUIRED",
				"this would delete 11 of 40 students")
			b.starts(admin, b.deleting(admin, these(all[:5]...)), held)
			b.starts(admin, b.deleting(admin, these(all[:4]...)), processing)
		})
		t.Run("students who left long ago and are restored", func(t *testing.T) {
			b := b.on(t)
			o, admin, all := school(b)
			var former []*db.Student
			for i := range 80 {
				st := b.Student(t, o, "For", fmt.Sprint("Mer", i), 0)
				former = append(former, st.Update().SetDeletedAt(fixture.Today.AddDate(0, 0, -20)).SaveX(fixture.System()))
			}
			if _, err := people.RestoreStudents(b.As(t, admin), keys(former)); err != nil {
				t.Fatal(err)
			}
			b.refused(people.DeleteStudents(b.As(t, admin), keys(all[:11])), fault.Conflict, "HOLD_REQUIRED",
				"this would delete 11 of 40 students")
		})
		t.Run("groups, before many are deleted", func(t *testing.T) {
			b := b.on(t)
			o, admin, _ := school(b)
			var there []*db.Group
			for i := range 20 {
				there = append(there, b.Group(t, o, fmt.Sprint("There ", i)))
			}
			file := "External ID,Name\n"
			for i := range 200 {
				file += fmt.Sprintf("cg%d,Crowd %d\n", i, i)
			}
			b.want(b.imported(admin, o, groups, file), completed, 200, 0, 0, 0)
			for _, g := range there[:10] {
				if err := people.DeleteGroup(b.As(t, admin), g.ID); err != nil {
					t.Fatal(err)
				}
			}
			b.refused(people.DeleteGroup(b.As(t, admin), there[10].ID), fault.Conflict, "HOLD_REQUIRED",
				"this would delete 11 of 20 classes or groups")
		})
		t.Run("accounts, before many are changed", func(t *testing.T) {
			b := b.on(t)
			o, _, _ := school(b)
			file := "Database ID,Email\n"
			for i := range 60 {
				e := b.Educator(t, b.Alpha, fmt.Sprintf("There%d One", i), viewer.Teacher, o)
				file += globalid.Encode(globalid.Educator, e.ID) + fmt.Sprintf(",taken%d@example.com\n", i)
			}
			fresh := "First Name,Last Name,Email,Role,School\n"
			for i := range 60 {
				fresh += fmt.Sprintf("Fa,Ke%d,fake%d@example.com,Teacher,%s\n", i, i, o.Name)
			}
			b.want(b.imported(b.DistrictAdmin, b.Alpha, educators, fresh), completed, 60, 0, 0, 0)
			b.starts(b.DistrictAdmin, b.verified(b.DistrictAdmin, b.Alpha, educators, file), held)
		})
	})
}

// TestWhatHasJustComeMayGo deletes students of a school that had few before a new school
// year, in one day and over a month.
func TestWhatHasJustComeMayGo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b, _, now := dayBench(t, d, 0)
		people := roster.New(d, roster.Options{Now: now.Now, Log: slog.New(slog.DiscardHandler)})
		there := func(o *db.Organization, first string) []*db.Student {
			return b.Client().Student.Query().
				Where(student.OrganizationID(o.ID), student.FirstName(first), student.DeletedAtIsNil()).
				Order(student.ByID()).AllX(fixture.System())
		}
		crowd := func(b *bench, o *db.Organization, by *db.Educator, name string, n int) {
			file := header
			for i := range n {
				file += fmt.Sprintf(",%s%d,New,One,%s%d,,7,%s,\n", name, i, name, i, o.Name)
			}
			b.want(b.imported(by, o, students, file), completed, n, 0, 0, 0)
		}
		keys := func(list []*db.Student) (ids []int) {
			for _, st := range list {
				ids = append(ids, st.ID)
			}
			return ids
		}
		t.Run("a new school year", func(t *testing.T) {
			b := b.on(t)
			o := b.School(t, b.Alpha, "Growing", "GR")
			admin := b.Educator(t, b.Alpha, "Growing Admin", viewer.SchoolAdmin, o)
			for i := range 60 {
				b.Student(t, o, "Wa", fmt.Sprint("S", i), 0)
			}
			crowd(b, o, admin, "growing", 440)
			fresh, old := there(o, "New"), there(o, "Wa")
			deletes := func(list []*db.Student, also []*db.Student, want bulkjob.Status) *db.BulkJob {
				t.Helper()
				return b.starts(admin, b.deleting(admin, these(slices.Concat(list, also)...)), want)
			}
			// In a day, six of those who were there before may be deleted, and of all 50.
			deletes(fresh[:30], old[:7], held)
			deletes(fresh[:30], old[:6], processing)
			deletes(fresh[30:45], nil, held)
			deletes(fresh[30:44], nil, processing)
			// Over the month, twelve of those and 100 of all.
			now.Add(25 * time.Hour)
			deletes(fresh[44:80], old[6:11], processing)
			now.Add(25 * time.Hour)
			if text := b.hint(deletes(nil, old[11:13], held), "HELD"); !strings.Contains(text,
				"would delete 13 of 60 students who have been there for longer.") {
				t.Error(text)
			}
			deletes(fresh[80:87], old[11:12], processing)
			deletes(fresh[87:88], old[12:13], held)
			deletes(fresh[87:89], nil, held)
			deletes(fresh[87:88], nil, processing)
		})
		t.Run("those who have been moved among a crowd may not", func(t *testing.T) {
			b := b.on(t)
			from, to := b.School(t, b.Alpha, "From here", "FH"), b.School(t, b.Alpha, "To there", "TT")
			both := b.Educator(t, b.Alpha, "Both Admin", viewer.SchoolAdmin, from)
			b.Client().RoleAssignment.Create().SetEducatorID(both.ID).SetOrganizationID(to.ID).SetDistrictID(to.DistrictID).
				SetRole(roleassignment.RoleSCHOOL_ADMIN).ExecX(fixture.System())
			file := "Database ID,School\n"
			var moved []*db.Student
			for i := range 200 {
				st := b.Student(t, from, "Mo", fmt.Sprint("Ved", i), 0)
				if i < 40 {
					moved, file = append(moved, st), file+stu(st)+","+to.Name+"\n"
				}
			}
			crowd(b, to, both, "among", 600)
			b.want(b.imported(both, from, students, file), completed, 0, 40, 0, 0)
			b.starts(both, b.deleting(both, these(moved[:5]...)), held)
			b.starts(both, b.deleting(both, these(moved[:4]...)), processing)
			b.refused(people.DeleteStudents(b.As(t, both), keys(moved[4:11])), fault.Conflict, "HOLD_REQUIRED",
				"this would delete 11 of 40 students who have been there for longer")
		})
		t.Run("who was deleted by mistake comes back by a file", func(t *testing.T) {
			b := b.on(t)
			o := b.School(t, b.Alpha, "Mistaken", "MI")
			admin := b.Educator(t, b.Alpha, "Mistaken Admin", viewer.SchoolAdmin, o)
			file := header
			for i := range 50 {
				if st := b.Student(t, o, "Mis", fmt.Sprint("Take", i), 0); i < 5 {
					file += "," + st.ExternalID + ",,,,,,,\n"
				}
			}
			gone := these(there(o, "Mis")[:5]...)
			for range 2 {
				b.starts(admin, b.deleting(admin, gone), processing)
				b.starts(admin, b.verified(admin, o, students, file), processing)
			}
			if n := len(there(o, "Mis")); n != 50 {
				t.Errorf("%d students are there", n)
			}
		})
	})
}

// TestWhoeverComesBackIsChanged deletes students, and brings them back with other values.
func TestWhoeverComesBackIsChanged(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.holds()
		people := roster.New(d, roster.Options{Now: func() time.Time { return fixture.Today },
			Log:     slog.New(slog.DiscardHandler),
			Recount: b.recounted.add})
		ways := []struct {
			name string
			back func(b *bench, st *db.Student, n int) error
		}{
			{"by a file", func(b *bench, st *db.Student, n int) error {
				b.want(b.imported(b.NorthAdmin, b.North, students,
					header+fmt.Sprintf(",%s,Co,Body%d,nobody%d,,5,,\n", st.ExternalID, n, n)), completed, 0, 1, 0, 0)
				return nil
			}},
			{"one by one", func(b *bench, st *db.Student, n int) error {
				_, err := people.CreateStudent(b.As(b.t, b.NorthAdmin), roster.NewStudent{OrganizationID: b.North.ID,
					ExternalID: st.ExternalID, FirstName: "No", LastName: fmt.Sprint("Body", n),
					Username: fmt.Sprint("nobody", n), Grade: "5"})
				return err
			}},
			{"to another school", func(b *bench, st *db.Student, n int) error {
				_, err := people.CreateStudent(b.As(b.t, b.DistrictAdmin), roster.NewStudent{OrganizationID: b.South.ID,
					ExternalID: st.ExternalID, FirstName: "No", LastName: fmt.Sprint("Body", n),
					Username: fmt.Sprint("nobody", n), Grade: "5"})
				return err
			}},
		}
		for range 100 {
			b.Student(t, b.North, "Al", "Ways", 0)
		}
		for i, way := range ways {
			t.Run(way.name, func(t *testing.T) {
				b := b.on(t)
				b.exec("DELETE FROM losses")
				admin := b.As(t, b.DistrictAdmin)
				for n := range 4 {
					st := b.Student(t, b.North, "Co", "Mes", 0)
					if err := people.DeleteStudents(admin, []int{st.ID}); err != nil {
						t.Fatal(err)
					}
					if n > 1 { // Who was away for more than a day has come, and is not changed.
						b.exec("UPDATE students SET deleted_at = ? WHERE id = ?", fixture.Today.Add(-25*time.Hour), st.ID)
					}
					if err := way.back(b, st, 10*i+n); err != nil {
						t.Fatal(err)
					}
					// It does not matter whether they are restored from another deletion.
					if err := people.DeleteStudents(admin, []int{st.ID}); err != nil {
						t.Fatal(err)
					}
					if _, err := people.RestoreStudents(admin, []int{st.ID}); err != nil {
						t.Fatal(err)
					}
					if came := b.student(st.ExternalID).ReturnedAt != nil; came != (n > 1) {
						t.Errorf("student %d has come: %v", n, came)
					}
				}
				north := fmt.Sprint(" AND organization_id = ", b.North.ID)
				if n := b.number("SELECT COALESCE(SUM(number), 0) FROM losses WHERE verb <> 'DELETED'" + north); n != 2 {
					t.Errorf("%d students of the school are changed, or have left it; want 2", n)
				}
			})
		}
	})
}
