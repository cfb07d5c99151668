package job_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
)

// manyPasswords is more than others wait for.
const manyPasswords = 300

// TestManyPasswordsKeepNobodyWaiting stops a server while it hashes the passwords of a
// job; others check, start and undo their own jobs meanwhile.
func TestManyPasswordsKeepNobodyWaiting(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		for name, change := range map[string][]with{"row by row": nil, "all or nothing": {allOrNothing}} {
			t.Run(name, func(t *testing.T) {
				b := benchOn(t, fixture.New(t, dbtest.Open(t, d.Kind())), func(*jobs.Options) {})
				b.Client().Organization.UpdateOne(b.Alpha).SetHoldChangedPercent(100).SetHoldDeletedPercent(100).
					ExecX(fixture.System())
				large := b.verified(b.DistrictAdmin, b.North, students, studentsFile("large", manyPasswords, "a password"),
					change...)
				b.want(large, ready, manyPasswords, 0, 0, 0)
				var hashed atomic.Int64
				middle, goOn := make(chan struct{}), make(chan struct{})
				server := benchOn(t, b.World, func(o *jobs.Options) {
					o.Hash = func(context.Context, string) (string, error) {
						if hashed.Add(1) == manyPasswords/2 {
							close(middle)
							<-goOn
						}
						return "hash", nil
					}
				})
				if _, err := b.Start(b.As(t, b.DistrictAdmin), large.ID); err != nil {
					t.Fatal(err)
				}
				done := make(chan error, 1)
				go func() { done <- server.RunJob(context.Background(), large.ID) }()
				<-middle

				small := b.imported(b.NorthAdmin, b.North, students, header+",small1,A,B,small1,a password,7,,\n")
				b.want(small, completed, 1, 0, 0, 0)
				if _, err := b.Undo(b.As(t, b.NorthAdmin), small.ID); err != nil {
					t.Fatal(err)
				}
				if got := b.drained(small.ID).Status; got != undone {
					t.Errorf("the undo: %s", got)
				}
				if got := b.job(large.ID); got.Status != processing || got.LeaseOwner == "" || got.ProcessedRows != 0 {
					t.Errorf("the large job is %s, held by %q, %d rows are written", got.Status, got.LeaseOwner, got.ProcessedRows)
				}

				close(goOn)
				if err := <-done; err != nil {
					t.Fatal(err)
				}
				got := b.job(large.ID)
				b.want(got, completed, manyPasswords, 0, 0, 0)
				if n := hashed.Load(); n != manyPasswords || got.HashedPasswords != manyPasswords {
					t.Errorf("%d were hashed, %d are told; want %d", n, got.HashedPasswords, manyPasswords)
				}
				if n := b.number("SELECT COUNT(*) FROM students WHERE password_hash = 'hash'"); n != manyPasswords {
					t.Errorf("%d students have what was hashed", n)
				}
				b.consistent()
			})
		}
	})
}

// TestWhatWasHashedOutlivesTheServer ends a server in the middle of hashing. Another one
// hashes the rest, and no row that was refused meanwhile comes back.
func TestWhatWasHashedOutlivesTheServer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		job := b.verified(b.DistrictAdmin, b.North, students, studentsFile("large", 2*manyPasswords, "a password"))
		if _, err := b.Start(b.As(t, b.DistrictAdmin), job.ID); err != nil {
			t.Fatal(err)
		}
		gone := errors.New("the server ends")
		ctx, end := context.WithCancelCause(context.Background())
		counting := func(n *atomic.Int64, stop int64) func(*jobs.Options) {
			return func(o *jobs.Options) {
				o.Hash = func(context.Context, string) (string, error) {
					if n.Add(1) == stop {
						end(gone)
					}
					return "hash", nil
				}
			}
		}
		var first, second atomic.Int64
		if err := benchOn(t, b.World, func(o *jobs.Options) {
			o.Batch = 100
			counting(&first,
				manyPasswords+manyPasswords/2)(o)
		}).RunJob(ctx, job.ID); err == nil {
			t.Fatal("the server has done it to its end")
		}
		kept := b.job(job.ID).HashedPasswords
		if kept == 0 || kept >= 2*manyPasswords {
			t.Fatalf("%d are kept", kept)
		}
		withdrawn := b.number("SELECT MAX(id) FROM bulk_job_rows WHERE state = 0")
		b.exec("UPDATE bulk_job_rows SET state = 2 WHERE id = ?", withdrawn)
		if err := benchOn(t, b.World, counting(&second, 0)).RunJob(context.Background(), job.ID); err != nil {
			t.Fatal(err)
		}
		if n := second.Load(); n != int64(2*manyPasswords-1-kept) {
			t.Errorf("%d were hashed again; %d had been kept", n, kept)
		}
		if n := b.number("SELECT COUNT(*) FROM students WHERE password_hash = 'hash'"); n != 2*manyPasswords-1 {
			t.Errorf("%d students have what was hashed", n)
		}
		if n := b.number("SELECT COUNT(*) FROM bulk_job_rows WHERE plan LIKE '%\"password\"%' AND state = 1"); n != 0 {
			t.Errorf("%d rows that are written have a password", n)
		}
	})
}
