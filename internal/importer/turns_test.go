package importer_test

import (
	"fmt"
	"testing"

	"homeroom/ent/db"
	"homeroom/internal/database"
	"homeroom/internal/dbtest"
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
		for job, want := range map[*db.BulkJob]int{first: 0, second: first.ID, third: first.ID, mine: first.ID, last: mine.ID} {
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
