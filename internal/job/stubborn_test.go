package job_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/state"
)

// stubborn has the database refuse to write a student, for a reason that nobody
// knows.
func (b *bench) stubborn(event, externalID string) {
	b.t.Helper()
	if b.DB.Kind() == database.SQLite {
		b.exec(fmt.Sprintf(
			"CREATE TRIGGER stubborn_%s BEFORE %s ON students WHEN NEW.external_id = '%s' BEGIN SELECT "+
				"RAISE(ABORT, 'stubborn'); END", event, event, externalID))
		return
	}
	b.exec(fmt.Sprintf(
		"CREATE TRIGGER stubborn_%s BEFORE %s ON students FOR EACH ROW IF NEW.external_id = '%s' THEN SIGNAL SQLSTATE "+
			"'45000' SET MESSAGE_TEXT = 'stubborn'; END IF",
		event, event, externalID))
}

// persistent has one server work on a job, with pauses, until it has ended.
func (b *bench) persistent(jobID int) *db.BulkJob {
	b.t.Helper()
	now := &clock{now: fixture.Today}
	server := benchOn(b.t, b.World, func(o *jobs.Options) { o.Now = now.Now })
	for range 10 {
		now.Add(2 * time.Minute)
		if err := server.Drain(context.Background()); err != nil {
			b.t.Fatal(err)
		}
		if job := b.job(jobID); state.Finished(job.Status) {
			return job
		}
	}
	b.t.Fatalf("the job never ends: %s", b.job(jobID).Status)
	return nil
}

// A row that cannot be written for a reason that nobody has thought of is refused
// by itself in the end. It keeps neither the other rows nor the district waiting.
func TestARowThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.stubborn("INSERT", "s0700")
		job := b.verified(b.NorthAdmin, b.North, students, studentsFile("s", 1200, ""))
		if _, err := b.Start(b.As(t, b.NorthAdmin), job.ID); err != nil {
			t.Fatal(err)
		}
		job = b.persistent(job.ID)
		b.want(job, withErrors, 1199, 0, 0, 1)
		b.wantProblems(job, `row 701  INTERNAL ""`)
		b.consistent()

		b.stubborn("UPDATE", "s0300")
		if _, err := b.Undo(b.As(t, b.NorthAdmin), job.ID); err != nil {
			t.Fatal(err)
		}
		job = b.persistent(job.ID)
		if job.Status != partly || job.UndoneRows != 1198 || job.KeptRows != 1 ||
			!strings.Contains(b.problems(job), `row 301 warning  INTERNAL "First Last (s0300)"`) {
			t.Errorf("%s, %d undone, %d kept:\n%s", job.Status, job.UndoneRows, job.KeptRows, b.problems(job))
		}
		next := b.verified(b.NorthAdmin, b.North, students, header+",n1,Next,One,nextone,,7,,\n")
		b.want(next, ready, 1, 0, 0, 0)
	})
}
