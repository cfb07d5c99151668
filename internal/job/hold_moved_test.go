package job_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// TestWhoComesFromAnotherSchoolIsNoRoom has students come to a school in every way, and
// some of the others deleted.
func TestWhoComesFromAnotherSchoolIsNoRoom(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.holds()
		people := roster.New(d, roster.Options{Now: func() time.Time { return fixture.Today },
			Log: slog.New(slog.DiscardHandler)})
		for i, c := range []struct {
			name string
			// old is how many students were there before, come is how many come, and
			// deleted is how many of the old ones are then deleted.
			old, come, deleted int
			comes              func(b *bench, school *db.Organization, crowd []*db.Student)
			want               bulkjob.Status
		}{
			{"by a file", 4, 30, 2, func(b *bench, school *db.Organization, crowd []*db.Student) {
				file := "Database ID,School\n"
				for _, st := range crowd {
					file += stu(st) + "," + school.Name + "\n"
				}
				b.want(b.imported(b.DistrictAdmin, b.Alpha, students, file), completed, 0, 30, 0, 0)
			}, held},
			{"one by one", 4, 30, 2, func(b *bench, school *db.Organization, crowd []*db.Student) {
				for _, st := range crowd {
					if _, err := people.UpdateStudent(b.As(b.t, b.DistrictAdmin),
						roster.StudentChange{ID: st.ID, OrganizationID: &school.ID}); err != nil {
						b.t.Fatal(err)
					}
				}
			}, held},
			{"not at all, and were there before", 34, 0, 2, nil, completed},
			// In a school that has just begun all are new.
			{"to a school that has just begun, beside those of a file", 0, 1, 2,
				func(b *bench, school *db.Organization, crowd []*db.Student) {
					file := header
					for i := range 30 {
						file += fmt.Sprintf(",new%d,New,One,new%d,,7,%s,\n", i, i, school.Name)
					}
					b.want(b.imported(b.DistrictAdmin, b.Alpha, students, file), completed, 30, 0, 0, 0)
					if _, err := people.UpdateStudent(b.As(b.t, b.DistrictAdmin),
						roster.StudentChange{ID: crowd[0].ID, OrganizationID: &school.ID}); err != nil {
						b.t.Fatal(err)
					}
				}, completed},
		} {
			t.Run(c.name, func(t *testing.T) {
				b := b.on(t)
				from := b.School(t, b.Alpha, fmt.Sprint("From ", i), fmt.Sprint("F", i))
				school := b.School(t, b.Alpha, fmt.Sprint("To ", i), fmt.Sprint("T", i))
				var crowd, all []*db.Student
				for n := range 100 {
					if st := b.Student(t, from, "Co", fmt.Sprint("Mes", i, n), 0); n < c.come {
						crowd = append(crowd, st)
					}
				}
				for n := range c.old {
					all = append(all, b.Student(t, school, "Wa", fmt.Sprint("S", i, n), 0))
				}
				if c.comes != nil {
					c.comes(b, school, crowd)
				}
				if all = append(all, crowd...); c.old == 0 {
					all = []*db.Student{b.student("new0"), b.student("new1")}
				}
				job, err := b.Start(b.As(t, b.DistrictAdmin), b.deleting(b.DistrictAdmin, these(all[:c.deleted]...)).ID)
				if err != nil {
					t.Fatal(err)
				}
				if job = b.drained(job.ID); job.Status != c.want {
					t.Errorf("%s: %s", job.Status, b.problems(job))
				}
			})
		}
	})
}

// TestTheUndoOfAMoveCountsItsStudentsOnce moves most students of a district to another
// school, and back.
func TestTheUndoOfAMoveCountsItsStudentsOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.holds()
		file := "Database ID,School\n"
		for i := range 80 {
			if st := b.Student(t, b.North, "No", fmt.Sprint("Rth", i), 0); i < 50 {
				file += stu(st) + ",South School\n"
			}
			if i < 30 {
				b.Student(t, b.South, "So", fmt.Sprint("Uth", i), 0)
			}
		}
		job := b.imported(b.DistrictAdmin, b.Alpha, students, file)
		b.want(job, completed, 0, 50, 0, 0)
		b.undone(b.DistrictAdmin, job, undone, 50, 0)
	})
}
