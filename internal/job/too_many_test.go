package job_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/reader"
	"github.com/openhomeroom/homeroom/internal/job/row"
)

// stopped checks that a job has failed for its problems, and what of them is kept.
func (b *bench) stopped(job *db.BulkJob, words string, kept int) {
	b.t.Helper()
	b.want(job, bulkjob.StatusFAILED, 0, 0, 0, job.TotalRows)
	if hint := b.hint(job, row.TooManyProblems); !strings.Contains(hint, words) {
		b.t.Errorf("%s\nwant: %s", hint, words)
	}
	all := b.allProblems(job.ID)
	if len(all) != kept+1 || all[0].Code != row.TooManyProblems || all[1].Row != 1 || all[kept].Row > kept {
		b.t.Errorf("%d problems are kept, from row %d to row %d", len(all)-1, all[1].Row, all[len(all)-1].Row)
	}
	if n := b.secrets() + b.number("SELECT COUNT(*) FROM bulk_job_rows"); n != 0 {
		b.t.Errorf("%d rows and pieces are left", n)
	}
	_, err := b.FailedRows(b.As(b.t, b.DistrictAdmin), new(bytes.Buffer), job.ID)
	if !errors.Is(err, reader.ErrNoFailedRows) {
		b.t.Errorf("the first refused rows are given as if they were all: %v", err)
	}
}

// TestTheProblemsOfAJobAreLimited fills the database with what is wrong with small rows.
func TestTheProblemsOfAJobAreLimited(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		limited := func(t *testing.T, refused, problems int) *bench {
			return benchOn(t, b.World, func(o *jobs.Options) { o.Batch, o.MaxRefused, o.MaxProblems = 100, refused, problems })
		}
		// file has good rows, bad ones with two errors each, good ones again.
		file := func(bad int) string {
			var f strings.Builder
			f.WriteString(header)
			for i := range bad + 600 {
				grade := "7,North School"
				if 0 < i && i <= bad {
					grade = "99,Nowhere"
				}
				fmt.Fprintf(&f, ",c%04d,Ada,Many,many%04d,secret,%s,\n", i, i, grade)
			}
			return f.String()
		}
		t.Run("as many as the limits say are all shown", func(t *testing.T) {
			b := limited(t, 250, 500)
			job := b.verified(b.DistrictAdmin, b.Alpha, students, file(250))
			b.want(job, ready, 600, 0, 0, 250)
			if all := b.allProblems(job.ID); len(all) != 500 {
				t.Errorf("%d problems", len(all))
			}
			if _, lines := b.failedRows(b.DistrictAdmin, job); len(lines) != 251 {
				t.Errorf("%d lines", len(lines))
			}
			if _, err := b.Cancel(b.As(t, b.DistrictAdmin), job.ID); err != nil {
				t.Fatal(err)
			}
		})
		t.Run("more refused rows end the check, which shows the first ones", func(t *testing.T) {
			b := limited(t, 2000, 100_000)
			rows := strings.Repeat("1\n", 3000)
			job := b.verified(b.DistrictAdmin, b.Alpha, students, "Student ID,First Name\n"+rows)
			b.stopped(job, "More than 2000 rows cannot be used", 1000)
			if job.VerifiedRows > 2200 {
				t.Errorf("%d rows were checked", job.VerifiedRows)
			}
		})
		t.Run("more problems end it, although they refuse few rows", func(t *testing.T) {
			b := limited(t, 250, 499)
			job := b.verified(b.DistrictAdmin, b.Alpha, students, file(250))
			b.want(job, bulkjob.StatusFAILED, 0, 0, 0, 850)
			if hint := b.hint(job, row.TooManyProblems); !strings.Contains(hint, "more than 499 problems") ||
				!strings.Contains(hint, "upload the file again") {
				t.Error(hint)
			}
		})
		t.Run("and so do warnings", func(t *testing.T) {
			b := limited(t, 10, 1500)
			var f strings.Builder
			f.WriteString("Student ID,First Name,Last Name,Username,Grade,School,Status\n")
			for i := range 2500 {
				fmt.Fprintf(&f, "w%04d,Ada,Gone,gone%04d,7,North School,inactive\n", i, i)
			}
			job := b.verified(b.DistrictAdmin, b.Alpha, students, f.String())
			b.stopped(job, "more than 1500 problems", 1000)
			if job.Warnings != 1000 {
				t.Errorf("%d warnings are counted, where 1000 are kept", job.Warnings)
			}
		})
		t.Run("a selection is told in its own words", func(t *testing.T) {
			b := limited(t, 1, 100)
			ada := b.Student(t, b.North, "Ada", "Synced", 0).Update().SetSynced(1).SaveX(fixture.System())
			bob := b.Student(t, b.North, "Bob", "Synced", 0).Update().SetSynced(1).SaveX(fixture.System())
			job := b.edited(b.NorthAdmin, these(ada, bob), kind.Edit{Grade: "8"})
			b.stopped(job, "select fewer students", 2)
		})
	})
}

func TestAFileWithTooManyRowsIsNotChecked(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := benchOn(t, fixture.New(t, d), func(o *jobs.Options) { o.Limits.Rows = 3 })
		file := header + strings.Repeat("1\n", 3)
		b.want(b.verified(b.DistrictAdmin, b.Alpha, students, file), ready, 0, 0, 0, 3)
		job := b.verified(b.DistrictAdmin, b.Alpha, students, file+"1\n")
		b.want(job, bulkjob.StatusFAILED, 0, 0, 0, 0)
		if hint := b.hint(job, string(csvfile.TooManyRows)); !strings.Contains(hint, "Split it") {
			t.Error(hint)
		}
		b.wantProblems(job, `row 0  TOO_MANY_ROWS ""`)
	})
}
