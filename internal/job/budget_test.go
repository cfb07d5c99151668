package job_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/budget"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
)

// meter is CPU time that increases by a step whenever it is read.
type meter struct{ now, step atomic.Int64 }

func (m *meter) Now() time.Duration { return time.Duration(m.now.Add(m.step.Load())) }

func TestTheCheckOfAFileHasABudget(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		var m meter
		b := benchOn(t, w, func(o *jobs.Options) { o.CheckTime, o.CPU = 30*time.Second, m.Now })
		var file strings.Builder
		file.WriteString(header)
		for i := range 2000 {
			fmt.Fprintf(&file, ",c%04d,Ada,Costly,costly%04d,secret,7,North School,\n", i, i)
		}
		t.Run("beyond which the job fails, and the next one of the district goes on", func(t *testing.T) {
			m.step.Store(int64(10 * time.Second))
			job := b.verified(b.DistrictAdmin, b.Alpha, students, file.String())
			b.want(job, bulkjob.StatusFAILED, 0, 0, 0, job.TotalRows)
			if hint := b.hint(job, budget.CheckTooCostly); !strings.Contains(hint, "computing time") ||
				!strings.Contains(hint, "CSV") {
				t.Error(hint)
			}
			if n := b.number("SELECT COUNT(*) FROM bulk_job_rows") + b.number("SELECT COUNT(*) FROM bulk_job_chunks"); n != 0 {
				t.Errorf("%d rows and pieces are left", n)
			}
			m.step.Store(0)
			b.want(b.verified(b.DistrictAdmin, b.Alpha, students, header+",c1,Ada,Cheap,cheap1,,7,North School,\n"),
				ready, 1, 0, 0, 0)
		})
		t.Run("that grows with the rows", func(t *testing.T) {
			// Each of 40 batches is read, looked up and checked, which takes a step or more
			// each time: more than the floor in all, and less than what the rows add to it.
			b := benchOn(t, w, func(o *jobs.Options) { o.CheckTime, o.CPU = time.Second, m.Now })
			m.step.Store(int64(10 * time.Millisecond))
			var long strings.Builder
			long.WriteString(header)
			for i := range 20_000 {
				fmt.Fprintf(&long, ",L%d,A,B,long%d,,7,N,\n", i, i)
			}
			b.want(b.verified(b.DistrictAdmin, b.Alpha, students, long.String()), ready, 20_000, 0, 0, 0)
		})
	})
}

func TestAJobThatEndsServersIsGivenUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		job := b.submitted(b.DistrictAdmin, b.Alpha, students, header+",c1,Ada,Deadly,deadly1,,7,North School,\n")
		ctx, end := context.WithCancel(context.Background())
		end()
		_ = b.Drain(ctx)
		if got := b.job(job.ID).Abandoned; got != 0 {
			t.Errorf("a server that was stopped counts as %d that ended", got)
		}
		// As servers leave it that were killed at work.
		killed := func(times int) {
			b.exec("UPDATE bulk_jobs SET abandoned = ?, lease_owner = 'killed', lease_until = ? WHERE id = ?", times,
				fixture.Today.Add(-time.Minute), job.ID)
		}
		killed(3)
		b.want(b.drained(job.ID), ready, 1, 0, 0, 0)
		if got := b.job(job.ID).Abandoned; got != 0 {
			t.Errorf("a job that has been checked counts %d servers", got)
		}
		job = b.submitted(b.DistrictAdmin, b.Alpha, students, header+",c2,Ada,Deadly,deadly2,,7,North School,\n")
		next := b.submitted(b.DistrictAdmin, b.Alpha, students, header+",c3,Ada,Next,next3,,7,North School,\n")
		killed(9)
		b.want(b.drained(job.ID), bulkjob.StatusFAILED, 0, 0, 0, 0)
		if hint := b.hint(b.job(job.ID), row.ServerEnded); !strings.Contains(hint, "10 times") {
			t.Error(hint)
		}
		b.want(b.job(next.ID), ready, 1, 0, 0, 0)
	})
}

func TestACorrectionHasABudget(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		var m meter
		b := benchOn(t, fixture.New(t, d), func(o *jobs.Options) { o.CPU = m.Now })
		correct := func(job *db.BulkJob, row int) error {
			_, err := b.Correct(b.As(t, b.DistrictAdmin),
				jobs.Correction{JobID: job.ID, Row: row, Values: []sheet.Cell{{Column: "Grade", Value: "8"}}})
			return err
		}
		tooLong := func(err error) {
			t.Helper()
			if f := fault.From(err); f == nil || f.Kind != fault.Conflict || f.Code != "NOT_CORRECTABLE" ||
				!strings.Contains(f.Message, "upload it again") {
				t.Errorf("got %v", err)
			}
		}
		file := header + ",c1,Ada,Costly,costly1,,7,North School,\n,c2,Bea,Costly,costly2,,99,North School,\n"
		job := b.verified(b.DistrictAdmin, b.Alpha, students, file)
		for _, row := range []int{1, 2} {
			m.step.Store(int64(11 * time.Second))
			tooLong(correct(job, row))
			m.step.Store(0)
			if err := correct(job, row); err != nil {
				t.Error(err)
			}
		}
		var many strings.Builder
		many.WriteString(header)
		for i := range 1200 {
			fmt.Fprintf(&many, ",m%d,Ada,Many,same.name,,7,North School,\n", i)
		}
		tooLong(correct(b.verified(b.DistrictAdmin, b.Alpha, students, many.String()), 1))
	})
}
