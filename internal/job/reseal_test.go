package job_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/vault"
	"github.com/openhomeroom/homeroom/internal/testlog"
)

var (
	secondKey = []byte("second key of thirty-two bytes..")
	thirdKey  = []byte("third key of thirty-two bytes...")
)

// withKeys is a server with a secret key and old ones.
func (b *bench) withKeys(current []byte, old ...[]byte) *bench {
	return benchOn(b.t, b.World, func(o *jobs.Options) { o.Key, o.OldKeys = current, old })
}

// waitingJobs returns a job that waits to be started, with passwords, a refused row and a
// warning; one that was uploaded but not checked; and one that has ended with a refused
// row.
func (b *bench) waitingJobs(password string) (ready, unchecked, ended *db.BulkJob) {
	b.t.Helper()
	file := func(prefix string) string {
		var rows strings.Builder
		rows.WriteString("Student ID,First Name,Last Name,Username,Password,Grade,School\n")
		for i := range 6 {
			fmt.Fprintf(&rows, "%s%d,Ann%s%c,Old,%s-user%d,%s,7,North School\n", prefix, i, prefix, 'a'+i, prefix, i,
				testlog.Secret(password+prefix))
		}
		fmt.Fprintf(&rows, "%sbad,Zoe%s,New,%s-bad,%s,77,North School\n", prefix, prefix, prefix, password+prefix)
		return rows.String()
	}
	ended = b.applied(b.NorthAdmin, b.verified(b.NorthAdmin, b.North, students, file("e")))
	ready = b.verified(b.NorthAdmin, b.North, students, file("r"), func(s *jobs.Submission) { s.IdempotencyKey = "ready" })
	unchecked = b.submitted(b.NorthAdmin, b.North, students, file("u"))
	return ready, unchecked, ended
}

// mustWork corrects the refused row of a job that waits, starts it and undoes it, on
// this server, and reads the refused row of one that has ended.
func (b *bench) mustWork(ready, unchecked, ended *db.BulkJob) {
	b.t.Helper()
	if file, _ := b.failedRows(b.NorthAdmin, ended); !strings.Contains(file, "ebad") {
		b.t.Errorf("the refused rows are %q", file)
	}
	unchecked = b.drained(unchecked.ID)
	b.want(unchecked, bulkjob.StatusREADY, 6, 0, 0, 1)
	if _, problems := b.corrects(b.NorthAdmin, ready, 7, "Grade", "7"); len(problems) != 0 {
		b.t.Errorf("the corrected row has problems: %v", problems)
	}
	for _, job := range []*db.BulkJob{ready, unchecked} {
		done := b.applied(b.NorthAdmin, job)
		if done.Created < 6 {
			b.t.Errorf("%+v", done)
		}
		b.undone(b.NorthAdmin, done, bulkjob.StatusUNDONE, done.Created, 0)
	}
}

func TestAServerWithTheOldKeyGoesOnWithItsJobs(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		ready, unchecked, ended := b.waitingJobs("hushhush-")
		next := b.withKeys(secondKey, key)
		if _, err := b.Submit(b.As(t, b.NorthAdmin),
			jobs.Submission{
				OrganizationID: b.North.ID,
				Kind:           students,
				File:           strings.NewReader("Student ID\n1\n"),
				IdempotencyKey: "ready",
			}); codeOf(err) != jobs.KeyReused {
			t.Errorf("another file with the same idempotency key: %v", err)
		}
		next.mustWork(ready, unchecked, ended)
	})
}

func TestAfterTheRotationTheOldKeyIsNotNeeded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		ready, unchecked, ended := b.waitingJobs("hushhush-")
		next := b.withKeys(secondKey, key)
		if use, err := next.KeyUse(fixture.System()); err != nil || use.Needed[vault.PrintOf(key)] != 3 {
			t.Errorf("%+v, %v", use, err)
		}
		if n, err := next.Reseal(fixture.System(), always); err != nil || n != 3 {
			t.Fatalf("%d jobs, %v", n, err)
		}
		if n, err := next.Reseal(fixture.System(), always); err != nil || n != 0 {
			t.Errorf("once more: %d jobs, %v", n, err)
		}
		if use, err := next.KeyUse(fixture.System()); err != nil || len(use.Needed)+len(use.Missing) != 0 {
			t.Errorf("%+v, %v", use, err)
		}
		// A server that only has the old key cannot read it, and says so.
		if _, err := b.correct(b.NorthAdmin, ready, 7, "Grade", "7"); codeOf(err) != "NOT_CORRECTABLE" {
			t.Errorf("a server with the old key: %v", err)
		}
		b.withKeys(secondKey).mustWork(b.job(ready.ID), unchecked, b.job(ended.ID))
	})
}

func codeOf(err error) string {
	if f := fault.From(err); f != nil {
		return f.Code
	}
	return fmt.Sprint(err)
}

func always(context.Context) error { return nil }

var errKilled = errors.New("killed")

func TestARotationGoesOnWhereItWasKilled(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		ready, unchecked, ended := b.waitingJobs("hushhush-")
		kills := 0
		for finished := false; !finished; kills++ {
			// Every attempt is one piece longer than the one before.
			left := kills
			_, err := b.withKeys(secondKey, key).Reseal(fixture.System(), func(context.Context) error {
				if left--; left < 0 {
					return errKilled
				}
				return nil
			})
			if err != nil && !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
			finished = err == nil
			// In between a server with both keys reads everything, and one with the old key
			// works on nothing that it can no longer read.
			if file, _ := b.withKeys(secondKey, key).failedRows(b.NorthAdmin, b.job(ended.ID)); !strings.Contains(file, "ebad") {
				t.Fatalf("after %d pieces the refused rows are %q", kills, file)
			}
			if waiting := b.job(ready.ID); waiting.KeyPrint != vault.PrintOf(key) {
				if _, err := b.correct(b.NorthAdmin, waiting, 7, "Grade", "7"); codeOf(err) != "NOT_CORRECTABLE" {
					t.Fatalf("after %d pieces a server with the old key: %v", kills, err)
				}
			}
		}
		if kills < 6 {
			t.Errorf("there were only %d pieces", kills)
		}
		b.withKeys(secondKey).mustWork(b.job(ready.ID), unchecked, b.job(ended.ID))
	})
}

func TestARotationInTheMiddleOfARotation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		ready, unchecked, ended := b.waitingJobs("hushhush-")
		left := 2
		_, err := b.withKeys(secondKey, key).Reseal(fixture.System(), func(context.Context) error {
			if left--; left < 0 {
				return errKilled
			}
			return nil
		})
		if !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		if n, err := b.withKeys(thirdKey, secondKey, key).Reseal(fixture.System(), always); err != nil || n != 3 {
			t.Fatalf("%d jobs, %v", n, err)
		}
		b.withKeys(thirdKey).mustWork(b.job(ready.ID), unchecked, b.job(ended.ID))
	})
}

func TestARotationLeavesAJobAloneThatAServerWorksOn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		ready, _, _ := b.waitingJobs("hushhush-")
		b.exec("UPDATE bulk_jobs SET lease_until = ? WHERE id = ?", fixture.Today.AddDate(0, 0, 1), ready.ID)
		next := b.withKeys(secondKey, key)
		if n, err := next.Reseal(fixture.System(), always); err != nil || n != 2 {
			t.Errorf("%d jobs, %v", n, err)
		}
		if got := b.job(ready.ID).KeyPrint; got != vault.PrintOf(key) {
			t.Errorf("the job has the keys %s", got)
		}
	})
}

func TestAServerWithTheOldKeyLeavesAloneWhatANewerOneHasWritten(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		ready, unchecked, _ := b.waitingJobs("hushhush-")
		next := b.withKeys(secondKey, key)
		next.corrects(b.NorthAdmin, ready, 7, "Grade", "7", "Password", testlog.Secret("a new word of mouth"))
		next.drained(unchecked.ID)
		for _, job := range []*db.BulkJob{ready, unchecked} {
			if got := b.job(job.ID).KeyPrint; got != vault.PrintOf(secondKey)+vault.PrintOf(key) {
				t.Errorf("the job has the keys %s", got)
			}
			if _, err := b.correct(b.NorthAdmin, b.job(job.ID), 6, "Grade", "8"); codeOf(err) != "NOT_CORRECTABLE" {
				t.Errorf("a server with the old key: %v", err)
			}
			if _, err := b.Start(b.As(t, b.NorthAdmin), job.ID); err != nil {
				t.Fatal(err)
			}
		}
		if got := b.drained(ready.ID); got.Status != bulkjob.StatusPROCESSING || got.ProcessedRows != 0 {
			t.Errorf("a server with the old key has worked on %+v", got)
		}
		if got := next.drained(ready.ID); got.Status != bulkjob.StatusCOMPLETED || got.Created != 7 {
			t.Errorf("%+v", got)
		}
	})
}
