package job_test

import (
	"fmt"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// TestJobsOfAccountsOfOnesOwnMakingCountAsOne lets somebody create administrators with a
// file; each of them submits a small deletion.
func TestJobsOfAccountsOfOnesOwnMakingCountAsOne(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b, all, _ := dayBench(t, d, 60)
		rows := educatorHeader
		for i := range 2 {
			rows += fmt.Sprintf(",P%d,Puppet,One,puppet%d@example.com,School administrator,N,known password\n", i, i)
		}
		if job := b.imported(b.NorthAdmin, b.North, educators, rows); job.Errors > 0 {
			t.Fatal(b.problems(job))
		}
		first, second := b.educator("P0"), b.educator("P1")
		b.starts(first, b.deleting(first, these(all[:4]...)), processing)
		job := b.starts(second, b.deleting(second, these(all[4:8]...)), held)
		if _, err := b.Cancel(b.As(t, second), job.ID); err != nil {
			t.Fatal(err)
		}
		b.starts(b.NorthAdmin, b.deleting(b.NorthAdmin, these(all[8:12]...)), held)
	})
}
