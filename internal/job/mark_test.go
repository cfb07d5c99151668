package job_test

import (
	"context"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/job/progress"
)

// interrupted starts a job that is all or nothing, stops its server in the middle of the
// single transaction, and returns the last progress that was shown.
func (b *bench) interrupted(who *db.Educator, job *db.BulkJob) (percent float64) {
	b.t.Helper()
	if _, err := b.Start(b.As(b.t, who), job.ID); err != nil {
		b.t.Fatal(err)
	}
	dying := benchOn(b.t, b.World, nil)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- dying.RunJob(ctx, job.ID) }()
	for deadline := time.Now().Add(5 * time.Minute); percent < 60; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatalf("the job has come to %v %%", percent)
		}
		percent = max(percent, dying.percent(job.ID))
	}
	cancel()
	<-ended
	if got := b.number("SELECT COUNT(*) FROM students"); got != 0 {
		b.t.Fatalf("%d students are written", got)
	}
	return percent
}

func (b *bench) percent(jobID int) float64 {
	b.t.Helper()
	p, err := b.Progress(fixture.System(), b.job(jobID))
	if err != nil {
		b.t.Fatal(err)
	}
	return p.Percent
}

func TestTheProgressOfOneTransactionThatIsBegunAnew(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		job := b.verified(b.NorthAdmin, b.North, students, studentsFile("a", 6000, ""), allOrNothing)
		other := b.verified(b.BetaAdmin, b.East, students, studentsFile("b", 6000, ""), allOrNothing)
		seen, seenOfOther := b.interrupted(b.NorthAdmin, job), b.interrupted(b.BetaAdmin, other)
		next := benchOn(t, b.World, nil)
		for name, got := range map[string][2]float64{
			"the first":  {next.percent(job.ID), seen},
			"the second": {next.percent(other.ID), seenOfOther},
		} {
			if got[0] < got[1] || got[0] >= 100 {
				t.Errorf("%s: another server shows %v %%, the one before showed %v", name, got[0], got[1])
			}
		}
		done := make(chan error, 1)
		go func() { done <- next.RunJob(context.Background(), job.ID) }()
		for running := true; running; time.Sleep(time.Millisecond) {
			select {
			case err := <-done:
				if err != nil {
					t.Fatal(err)
				}
				running = false
			default:
			}
			now := next.percent(job.ID)
			if now < seen {
				t.Fatalf("from %v back to %v", seen, now)
			}
			seen = now
		}
		b.want(b.job(job.ID), completed, 6000, 0, 0, 0)
		if got := next.percent(other.ID); got < seenOfOther {
			t.Errorf("the second: from %v back to %v", seenOfOther, got)
		}
		ended, err := next.Cancel(b.As(t, b.BetaAdmin), other.ID)
		if err != nil {
			t.Fatal(err)
		}
		b.want(ended, canceled, 0, 0, 6000, 0)
		if p := progress.ProgressOf(ended); p.Percent < seenOfOther || p.Percent >= 100 {
			t.Errorf("canceled: from %v to %v", seenOfOther, p.Percent)
		}
	})
}
