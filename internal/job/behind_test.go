package job_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// BenchmarkBehindALargeFile measures how long it takes to check and to write a file of one
// row that somebody submits while somebody else's large file is being checked, and how
// long it takes when there is nothing else to do.
func BenchmarkBehindALargeFile(b *testing.B) {
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		b.Run(string(kind), func(b *testing.B) {
			var alone, checked, written, large []time.Duration
			for b.Loop() {
				w := newBench(b, dbtest.Open(b, kind))
				for i := range ratioGroups {
					w.Group(b, w.North, fmt.Sprintf("Group %d", i))
				}
				ctx, stop := context.WithCancel(context.Background())
				var all sync.WaitGroup
				all.Go(func() { _ = w.Run(ctx) })
				await := func(id int, statuses ...bulkjob.Status) {
					for !slices.Contains(statuses, w.job(id).Status) {
						time.Sleep(5 * time.Millisecond)
					}
				}
				small := func(prefix string) (check, write time.Duration) {
					start := time.Now()
					job := w.submitted(w.NorthAdmin, w.North, students, studentsFile(prefix, 1, ""))
					await(job.ID, ready)
					check = time.Since(start)
					if _, err := w.Start(w.As(b, w.NorthAdmin), job.ID); err != nil {
						b.Fatal(err)
					}
					await(job.ID, completed)
					return check, time.Since(start)
				}
				_, a := small("alone")
				alone = append(alone, a)
				start := time.Now()
				job := w.submitted(w.DistrictAdmin, w.Alpha, students, ratioFile(w.World, *ratioRows))
				for w.job(job.ID).VerifiedRows == 0 {
					time.Sleep(5 * time.Millisecond)
				}
				c, z := small("behind")
				checked, written = append(checked, c), append(written, z)
				await(job.ID, ready)
				large = append(large, time.Since(start))
				stop()
				all.Wait()
			}
			report(b, "s-written-alone", alone)
			report(b, "s-checked-behind", checked)
			report(b, "s-written-behind", written)
			report(b, "s-large", large)
			b.ReportMetric(0, "ns/op") // It would be the sum of everything.
		})
	}
}
