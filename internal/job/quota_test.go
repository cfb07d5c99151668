package job_test

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/queue"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

const quotaFile = "Student ID,Grade\nquota,7\n"

// limited is an importer with quotas, and its clock.
func limited(t *testing.T, w *fixture.World, q queue.Quotas) (*bench, *clock) {
	c := &clock{now: fixture.Today}
	b := benchOn(t, w, func(o *jobs.Options) { o.Quotas, o.Now = q, c.Now })
	for _, table := range []string{"bulk_job_chunks", "bulk_job_rows", "bulk_job_problems",
		"bulk_job_refused_rows", "bulk_jobs"} {
		b.exec("DELETE FROM " + table)
	}
	return b, c
}

// try submits a file and returns the refusal, or nil.
func (b *bench) try(who *db.Educator, at *db.Organization, changes ...with) (*db.BulkJob, *fault.Error) {
	b.t.Helper()
	in := jobs.Submission{OrganizationID: at.ID, Kind: students, File: strings.NewReader(quotaFile)}
	for _, change := range changes {
		change(&in)
	}
	job, err := b.Submit(b.As(b.t, who), in)
	if err != nil && fault.From(err) == nil {
		b.t.Error(err)
	}
	return job, fault.From(err)
}

func (b *bench) wantOver(f *fault.Error, says ...string) {
	b.t.Helper()
	if f == nil || f.Code != queue.QuotaExceeded || f.Kind != fault.Conflict {
		b.t.Errorf("got %v; want %s", f, queue.QuotaExceeded)
		return
	}
	for _, part := range says {
		if !strings.Contains(f.Message, part) {
			b.t.Errorf("%q does not say %q", f.Message, part)
		}
	}
}

func TestQuotasOfJobs(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		t.Run("jobs that wait, by person", func(t *testing.T) {
			b, _ := limited(t, w, queue.Quotas{Person: queue.Quota{Jobs: 2}})
			keyed := func(s *jobs.Submission) { s.IdempotencyKey = "once" }
			first, _ := b.try(b.NorthAdmin, b.North, keyed)
			again, f := b.try(b.NorthAdmin, b.North, keyed)
			if f != nil || again.ID != first.ID {
				t.Errorf("the same upload is another one: %v", f)
			}
			if _, f := b.try(b.NorthAdmin, b.North); f != nil {
				t.Errorf("the second one: %v", f)
			}
			_, f = b.try(b.NorthAdmin, b.North)
			b.wantOver(f, "2 uploads", "start or cancel")
			if _, f := b.try(b.NorthAdmin, b.North, keyed); f != nil {
				t.Errorf("a repetition beside a full quota: %v", f)
			}
			if _, f := b.try(b.SouthAdmin, b.South); f != nil {
				t.Errorf("somebody else: %v", f)
			}
			st := b.Student(t, b.North, "Ada", "Lovelace", 0)
			_, err := b.SubmitEdit(b.As(t, b.NorthAdmin), jobs.Selection{StudentIDs: []int{st.ID}}, kind.Edit{Grade: "8"})
			b.wantOver(fault.From(err))
			_, err = b.SubmitDeletion(b.As(t, b.NorthAdmin), jobs.Selection{StudentIDs: []int{st.ID}})
			b.wantOver(fault.From(err))
			if _, err := b.Cancel(b.As(t, b.NorthAdmin), first.ID); err != nil {
				t.Fatal(err)
			}
			if _, f := b.try(b.NorthAdmin, b.North); f != nil {
				t.Errorf("after a cancellation: %v", f)
			}
			if n := b.number("SELECT COUNT(*) FROM bulk_jobs"); n != 4 {
				t.Errorf("%d jobs", n)
			}
		})
		t.Run("of several at the same moment only as many pass as may", func(t *testing.T) {
			b, _ := limited(t, w, queue.Quotas{Person: queue.Quota{Jobs: 3}})
			var all sync.WaitGroup
			for range 12 {
				all.Go(func() { b.try(b.NorthAdmin, b.North) })
			}
			all.Wait()
			if n := b.Client().BulkJob.Query().Where(bulkjob.SubmittedBy(b.NorthAdmin.ID)).CountX(fixture.System()); n != 3 {
				t.Errorf("%d jobs; want 3", n)
			}
		})
		t.Run("jobs that wait, by district", func(t *testing.T) {
			b, _ := limited(t, w, queue.Quotas{District: queue.Quota{Jobs: 2}})
			b.try(b.NorthAdmin, b.North)
			b.try(b.SouthAdmin, b.South)
			_, f := b.try(b.NorthAdmin, b.North)
			b.wantOver(f, "the district", "an administrator of the district")
			if _, f := b.try(b.BetaAdmin, b.Beta); f != nil {
				t.Errorf("another district: %v", f)
			}
		})
		t.Run("jobs of a day, corrected rows among them", func(t *testing.T) {
			b, clock := limited(t, w, queue.Quotas{Person: queue.Quota{Daily: 2}})
			b.Client().Organization.UpdateOne(b.Alpha).SetHoldChangedPercent(100).SetHoldDeletedPercent(100).
				ExecX(fixture.System())
			file := header + ",q1,Ada,Quota,ada.quota,,7,,\n,q2,Bea,Quota,bea.quota,,99,,\n"
			job := b.imported(b.NorthAdmin, b.North, students, file)
			b.want(job, bulkjob.StatusCOMPLETED_WITH_ERRORS, 1, 0, 0, 1)
			correct := func() error {
				_, err := b.Correct(b.As(t, b.NorthAdmin),
					jobs.Correction{JobID: job.ID, Row: 2, Values: []sheet.Cell{{Column: "Grade", Value: "8"}}})
				return err
			}
			clock.Add(time.Hour)
			if err := correct(); err != nil {
				t.Error(err)
			}
			b.wantOver(fault.From(correct()), "2026-", "UTC")
			clock.Add(23*time.Hour + time.Minute)
			if err := correct(); err != nil {
				t.Errorf("a day later: %v", err)
			}
		})
		t.Run("a program has a quota of its own, and the operator none", func(t *testing.T) {
			b, _ := limited(t, w, queue.Quotas{Person: queue.Quota{Jobs: 1}})
			ctx := viewer.WithOperator(b.As(t, b.NorthAdmin), "root", "homeroom import")
			for range 3 {
				if _, err := b.Submit(ctx,
					jobs.Submission{OrganizationID: b.North.ID, Kind: students, File: strings.NewReader(quotaFile)}); err != nil {
					t.Error(err)
				}
			}
			b, _ = limited(t, w, queue.Quotas{Person: queue.Quota{Jobs: 1}, Key: queue.Quota{Jobs: 2}})
			agent := b.Educator(t, b.Alpha, "Program Agent", viewer.DistrictAdmin, b.Alpha)
			program := viewer.NewContext(t.Context(),
				&viewer.Viewer{Key: &viewer.Key{
					ID:             1,
					AgentID:        agent.ID,
					DistrictID:     b.Alpha.ID,
					OrganizationID: b.Alpha.ID,
					Scopes:         []viewer.Scope{viewer.RosterImport},
				}})
			for i := range 3 {
				_, err := b.Submit(program,
					jobs.Submission{OrganizationID: b.Alpha.ID, Kind: students, File: strings.NewReader(quotaFile)})
				if i < 2 && err != nil {
					t.Error(err)
				}
				if i == 2 {
					b.wantOver(fault.From(err))
				}
			}
		})
	})
}

func TestQuotasOfBytes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		large := func(s *jobs.Submission) {
			s.File = strings.NewReader(quotaFile + strings.Repeat(" ", 3<<20))
		}
		said := func(size int64) with { return func(s *jobs.Submission) { s.Size = size } }
		t.Run("what is said to be too large is refused before it is stored", func(t *testing.T) {
			b, _ := limited(t, w, queue.Quotas{Person: queue.Quota{Bytes: 5 << 20}})
			read := func(s *jobs.Submission) {
				s.File = io.MultiReader(neverRead{t})
			}
			_, f := b.try(b.NorthAdmin, b.North, read, said(6<<20))
			b.wantOver(f, "5 MB", "wait until some end")
			if n := b.number("SELECT COUNT(*) FROM bulk_job_chunks"); n != 0 {
				t.Errorf("%d pieces are stored", n)
			}
		})
		t.Run("what turns out to be is refused on the way, and nothing stays", func(t *testing.T) {
			b, _ := limited(t, w, queue.Quotas{District: queue.Quota{Bytes: 5 << 20}})
			first, f := b.try(b.NorthAdmin, b.North, large)
			if f != nil || b.job(first.ID).FileBytes != int64(3<<20+len(quotaFile)) {
				t.Fatal(f, b.job(first.ID).FileBytes)
			}
			_, f = b.try(b.SouthAdmin, b.South, large)
			b.wantOver(f, "the district")
			_, f = b.try(b.SouthAdmin, b.South, large, said(10))
			b.wantOver(f)
			if n := b.number("SELECT COUNT(DISTINCT job_id) FROM bulk_job_chunks"); n != 1 {
				t.Errorf("pieces of %d files are stored", n)
			}
			if _, err := b.Cancel(b.As(t, b.NorthAdmin), first.ID); err != nil {
				t.Fatal(err)
			}
			if _, f := b.try(b.SouthAdmin, b.South, large); f != nil {
				t.Errorf("when the other one has ended: %v", f)
			}
		})
		t.Run("two files fit to the byte, and not to a byte less", func(t *testing.T) {
			for _, missing := range []int64{0, 1} {
				b, _ := limited(t, w, queue.Quotas{Person: queue.Quota{Bytes: int64(2*len(quotaFile)) - missing}})
				who := b.Educator(t, b.Alpha, fmt.Sprintf("By%d Te", missing), viewer.SchoolAdmin, b.North)
				if _, f := b.try(who, b.North); f != nil {
					t.Fatal(f)
				}
				if _, f := b.try(who, b.North); (f != nil) != (missing > 0) {
					t.Errorf("%d bytes are missing: %v", missing, f)
				}
			}
		})
		t.Run("of several at the same moment only as many pass as fit", func(t *testing.T) {
			b, _ := limited(t, w, queue.Quotas{Person: queue.Quota{Bytes: 7 << 20}})
			var all sync.WaitGroup
			for i := range 6 {
				size := []int64{0, 3<<20 + int64(len(quotaFile))}[i%2]
				all.Go(func() { b.try(b.NorthAdmin, b.North, large, said(size)) })
			}
			all.Wait()
			sum := b.number("SELECT COALESCE(SUM(file_bytes), 0) FROM bulk_jobs WHERE submitted_by = " +
				fmt.Sprint(b.NorthAdmin.ID))
			if sum == 0 || sum > 7<<20 {
				t.Errorf("%d bytes wait", sum)
			}
		})
	})
}

// TestQuotasOfWhatIsWrittenDown has small files whose rows are all wrong.
func TestQuotasOfWhatIsWrittenDown(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		var file strings.Builder // 120 KB, and a MB of what is wrong with it
		file.WriteString(header)
		for i := range 3000 {
			fmt.Fprintf(&file, ",c%04d,Ada,Many,many%04d,,99,Nowhere,\n", i, i)
		}
		bad := file.String()
		for name, q := range map[string]queue.Quotas{
			"person": {Person: queue.Quota{Bytes: 1_800_000}}, "district": {District: queue.Quota{Bytes: 1_800_000}},
		} {
			t.Run("of a "+name, func(t *testing.T) {
				b, _ := limited(t, w, q)
				first := b.verified(b.NorthAdmin, b.North, students, bad)
				b.want(first, ready, 0, 0, 0, 3000)
				_, f := b.try(b.NorthAdmin, b.North, func(s *jobs.Submission) { s.Size = 1100 << 10 })
				b.wantOver(f, "refused rows")
				// It was let in because nobody knew what is in it.
				second := b.verified(b.NorthAdmin, b.North, students, bad)
				b.want(second, bulkjob.StatusFAILED, 0, 0, 0, second.TotalRows)
				if hint := b.hint(second, row.TooManyProblems); !strings.Contains(hint, "cancel jobs that wait") {
					t.Error(hint)
				}
				if _, err := b.Cancel(b.As(t, b.NorthAdmin), first.ID); err != nil {
					t.Fatal(err)
				}
				b.want(b.verified(b.NorthAdmin, b.North, students, bad), ready, 0, 0, 0, 3000)
			})
		}
	})
}

// neverRead is a file that nobody should have begun to read.
type neverRead struct{ t *testing.T }

func (f neverRead) Read([]byte) (int, error) {
	f.t.Error("the file was read")
	return 0, io.EOF
}
