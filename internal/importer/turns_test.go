package importer_test

import (
	"slices"
	"testing"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/internal/database"
	"homeroom/internal/dbtest"
	"homeroom/internal/viewer"
)

// TestSubmittersTakeTurns has somebody submit one file after another somebody has
// submitted many.
func TestSubmittersTakeTurns(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		submit := func(who *db.Educator) *db.BulkJob {
			return b.submitted(who, b.North, groups, "External ID,Name\n1,A class of its own\n")
		}
		waitsFor := func(job, want *db.BulkJob) {
			t.Helper()
			wanted := 0
			if want != nil {
				wanted = want.ID
			}
			if got, err := b.Waiting(t.Context(), b.job(job.ID)); err != nil || got != wanted {
				t.Errorf("job %d waits for %d, %v; want %d", job.ID, got, err, wanted)
			}
		}
		first, second, third := submit(b.NorthTeacher), submit(b.NorthTeacher), submit(b.NorthTeacher)
		mine, last := submit(b.NorthAdmin), submit(b.NorthAdmin)
		waitsFor(first, nil)
		for _, job := range []*db.BulkJob{second, third, mine, last} {
			waitsFor(job, first)
		}
		if err := b.RunJob(t.Context(), mine.ID); err != nil {
			t.Fatal(err)
		}
		if got := b.job(mine.ID).Status; got != ready {
			t.Errorf("%s", got)
		}
		for _, job := range []*db.BulkJob{third, last} {
			if got := b.job(job.ID).Status; got != verifying {
				t.Errorf("job %d is %s before the other's first job", job.ID, got)
			}
		}
		if err := b.RunJob(t.Context(), third.ID); err != nil {
			t.Fatal(err)
		}
		if got := b.job(last.ID).Status; got != ready {
			t.Errorf("%s: the second job of one came behind the last one of the other", got)
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
		// Whoever submits jobs for many schools is one person.
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
