package importer_test

import (
	"testing"

	"homeroom/ent/db"
	"homeroom/internal/database"
	"homeroom/internal/dbtest"
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
