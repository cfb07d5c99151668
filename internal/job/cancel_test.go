package job_test

import (
	"context"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/progress"
)

const (
	held     = bulkjob.StatusHELD
	canceled = bulkjob.StatusCANCELED
	undoing  = bulkjob.StatusUNDOING
	undone   = bulkjob.StatusUNDONE
	partly   = bulkjob.StatusPARTIALLY_UNDONE
)

// on returns a bench over the same world for a subtest.
func (b *bench) on(t *testing.T) *bench {
	return &bench{World: b.World, Service: b.Service, t: t, recounted: b.recounted}
}

// refused checks the kind and code of a refusal.
func (b *bench) refused(err error, kind fault.Kind, code, words string) {
	b.t.Helper()
	e := fault.From(err)
	if e == nil || e.Kind != kind || e.Code != code || !strings.Contains(e.Message, words) {
		b.t.Errorf("got %v; want code %s and %q", err, code, words)
	}
}

func (b *bench) secrets() int {
	return b.number("SELECT COUNT(*) FROM bulk_job_chunks") + b.number("SELECT COUNT(*) FROM bulk_job_refused_rows") +
		b.number("SELECT COUNT(*) FROM bulk_job_rows WHERE state = 0")
}

func TestCancel(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		file := header + ",S1,A,B,user1,secret1,7,,\n,S2,A,B,user2,,99,,\n"
		t.Run("a job that is being checked leaves nothing behind", func(t *testing.T) {
			b := b.on(t)
			job := b.submitted(b.NorthAdmin, b.North, students, file)
			got, err := b.Cancel(b.As(t, b.NorthAdmin), job.ID)
			if err != nil {
				t.Fatal(err)
			}
			b.want(got, canceled, 0, 0, 0, 0)
			if got.Fence != job.Fence+1 || got.FinishedAt == nil || b.secrets() != 0 {
				t.Errorf("%+v; %d secrets", got, b.secrets())
			}
			b.want(b.drained(job.ID), canceled, 0, 0, 0, 0)
		})
		t.Run("a job that waits leaves its problems and no passwords", func(t *testing.T) {
			b := b.on(t)
			job := b.verified(b.NorthAdmin, b.North, students, file)
			b.want(job, ready, 1, 0, 0, 1)
			got, err := b.Cancel(b.As(t, b.DistrictAdmin), job.ID)
			if err != nil {
				t.Fatal(err)
			}
			b.want(got, canceled, 0, 0, 1, 1)
			if b.secrets() != 0 || b.number("SELECT COUNT(*) FROM students") != 0 || len(b.changes(b.NorthAdmin, got)) != 0 {
				t.Error("something is left")
			}
			if p := progress.ProgressOf(got); p.Percent != 50 {
				t.Errorf("%+v", p)
			}
			_, err = b.Start(b.As(t, b.NorthAdmin), job.ID)
			b.refused(err, fault.Conflict, "NOT_READY", "has been canceled")
			_, err = b.Cancel(b.As(t, b.NorthAdmin), job.ID)
			b.refused(err, fault.Conflict, "NOT_CANCELABLE", "has been canceled")
			_, err = b.Undo(b.As(t, b.NorthAdmin), job.ID)
			b.refused(err, fault.Conflict, "NOT_UNDOABLE", "changed nothing")
		})
		t.Run("a finished job stays as it is", func(t *testing.T) {
			b := b.on(t)
			job := b.imported(b.NorthAdmin, b.North, students, file)
			_, err := b.Cancel(b.As(t, b.NorthAdmin), job.ID)
			b.refused(err, fault.Conflict, "NOT_CANCELABLE", "completed already")
			b.want(b.job(job.ID), withErrors, 1, 0, 0, 1)
		})
		t.Run("a job that the caller does not see does not exist", func(t *testing.T) {
			b := b.on(t)
			job := b.verified(b.DistrictAdmin, b.North, students, file)
			_, err := b.Cancel(b.As(t, b.SouthAdmin), job.ID)
			b.refused(err, fault.NotFound, "NOT_FOUND", "no such upload")
			_, err = b.Cancel(b.As(t, b.NorthTeacher), job.ID)
			b.refused(err, fault.NotFound, "NOT_FOUND", "no such upload")
			b.want(b.job(job.ID), ready, 0, 1, 0, 1)
		})
	})
}

// TestCancelWhileItIsWritten cancels between two batches: what was written stays, the
// counts show it, nothing is written after it, and an undo puts it back.
func TestCancelWhileItIsWritten(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		w.Alpha.Update().SetHoldDeletedPercent(100).ExecX(fixture.System()) // The undo hides everybody.
		hashing, goOn := make(chan struct{}), make(chan struct{})
		b := benchOn(t, w, func(o *jobs.Options) {
			o.Hash = func(ctx context.Context, password string) (string, error) {
				if password == "the one of the second batch" {
					close(hashing)
					<-goOn
				}
				return "hash", nil
			}
		})
		file := strings.ReplaceAll(manyStudents(1200), ",99,", ",9,")
		file = strings.Replace(file, ",S00600,First0,Last600,user00600,,",
			",S00600,First0,Last600,user00600,the one of the second batch,", 1)
		before := b.world()
		job := b.verified(b.NorthAdmin, b.North, students, file)
		b.want(job, ready, 1200, 0, 0, 0)
		if _, err := b.Start(b.As(t, b.NorthAdmin), job.ID); err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() { done <- b.Drain(context.Background()) }()
		<-hashing
		got, err := b.Cancel(b.As(t, b.NorthAdmin), job.ID)
		if err != nil {
			t.Fatal(err)
		}
		close(goOn)
		if err := <-done; err != nil {
			t.Error(err)
		}
		b.want(got, canceled, 500, 0, 700, 0)
		got = b.drained(job.ID)
		b.want(got, canceled, 500, 0, 700, 0)
		if n := b.number("SELECT COUNT(*) FROM students"); n != 500 || b.secrets() != 0 {
			t.Errorf("%d students, %d secrets", n, b.secrets())
		}
		if n := b.number("SELECT COUNT(*) FROM enrollments"); n != got.EnrollmentsAdded {
			t.Errorf("%d enrollments, %d counted", n, got.EnrollmentsAdded)
		}
		if p := progress.ProgressOf(got); p.Percent <= 50 || p.Percent >= 100 {
			t.Errorf("%+v", p)
		}
		b.consistent()
		b.undone(b.NorthAdmin, got, undone, 500, 0)
		if after := b.world(); after != before {
			t.Error(diff(before, after))
		}
		b.healthy()
	})
}

func TestAnotherKey(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		var log strings.Builder
		late := &clock{now: fixture.Today}
		other := benchOn(t, b.World, func(o *jobs.Options) {
			o.Key = []byte("another key of thirty-two bytes.")
			o.Log = logTo(&log)
			o.Now = late.Now
		})
		job := b.submitted(b.NorthAdmin, b.North, students, header+",S1,A,B,user1,secret1,7,,\n")
		behind := other.submitted(b.DistrictAdmin, b.Alpha, students, header+",S2,A,B,user2,,7,North School,\n")
		if got := other.drained(job.ID); got.Status != verifying || got.Fence != 0 {
			t.Errorf("a server with another key has taken the job: %s, claimed %d times", got.Status, got.Fence)
		}
		if got := b.job(behind.ID); got.Status != ready {
			t.Errorf("the job behind it is %s", got.Status)
		}
		for range 2 {
			if err := other.Sweep(context.Background()); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(log.String(), "another secret key") && late.Now().Equal(fixture.Today) {
				t.Errorf("warned at once: %s", log.String())
			}
			late.Add(61 * 60e9)
		}
		for range 2 {
			if err := other.Sweep(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if n := strings.Count(log.String(), "another secret key"); n != 1 {
			t.Errorf("%d warnings: %s", n, log.String())
		}
		b.want(b.drained(job.ID), ready, 1, 0, 0, 0)
	})
}
