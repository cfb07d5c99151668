package job_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestSubmittersTakeTurns has somebody start one job after another somebody has
// started many.
func TestSubmittersTakeTurns(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		n := 0
		checked := func(who *db.Educator) *db.BulkJob {
			n++
			return b.verified(who, b.North, students, fmt.Sprintf("%s,T%d,A,B,turn%d,,7,North School,Algebra\n", header, n, n))
		}
		first, second, third := checked(b.NorthTeacher), checked(b.NorthTeacher), checked(b.NorthTeacher)
		mine, last := checked(b.NorthAdmin), checked(b.NorthAdmin)
		jobs := []*db.BulkJob{first, second, third, mine, last}
		for _, job := range jobs {
			if _, err := b.Start(b.As(t, b.NorthAdmin), job.ID); err != nil {
				t.Fatal(err)
			}
		}
		for job, want := range map[*db.BulkJob]int{
			first:  0,
			second: first.ID,
			third:  first.ID,
			mine:   first.ID,
			last:   mine.ID,
		} {
			if got, err := b.Waiting(t.Context(), b.job(job.ID)); err != nil || got != want {
				t.Errorf("job %d waits for %d, %v; want %d", job.ID, got, err, want)
			}
		}
		for i, next := range []*db.BulkJob{first, mine, second, last, third} {
			if err := b.RunJob(t.Context(), next.ID); err != nil {
				t.Fatal(err)
			}
			b.want(b.job(next.ID), completed, 1, 0, 0, 0)
			if n := b.number("SELECT COUNT(*) FROM bulk_jobs WHERE status = 'COMPLETED'"); n != i+1 {
				t.Errorf("%d jobs are done with the one that comes in turn %d", n, i+1)
			}
		}
	})
}

// TestSchoolsTakeTurns has many accounts of one school submit a file each before
// somebody of another one does.
func TestSchoolsTakeTurns(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		submit := func(who *db.Educator, at *db.Organization) *db.BulkJob {
			return b.submitted(who, at, groups, "External ID,Name\n1,A class of its own\n")
		}
		statuses := func(jobs ...*db.BulkJob) (list []bulkjob.Status) {
			for _, job := range jobs {
				list = append(list, b.job(job.ID).Status)
			}
			return list
		}
		runs := func(job *db.BulkJob) {
			t.Helper()
			if err := b.RunJob(t.Context(), job.ID); err != nil {
				t.Fatal(err)
			}
		}
		var puppets []*db.BulkJob
		for _, name := range []string{"Pia Puppet", "Pit Puppet", "Pam Puppet"} {
			puppets = append(puppets, submit(b.Educator(t, b.Alpha, name, viewer.Teacher, b.North), b.North))
		}
		honest := submit(b.SouthAdmin, b.South)
		runs(honest)
		if got := statuses(puppets...); !slices.Equal(got, []bulkjob.Status{ready, verifying, verifying}) {
			t.Errorf("files of another school before the only one of a school: %v", got)
		}
		// Somebody who submits jobs for many schools is one person.
		east := b.School(t, b.Alpha, "East School", "E")
		many := []*db.BulkJob{submit(b.DistrictAdmin, b.Alpha), submit(b.DistrictAdmin, east)}
		last := submit(b.Educator(t, b.Alpha, "Eve East", viewer.SchoolAdmin, east), east)
		runs(last)
		if got := statuses(many...); got[1] != verifying {
			t.Errorf("the second file of a person before somebody's first one: %v", got)
		}
		runs(puppets[2])
	})
}
