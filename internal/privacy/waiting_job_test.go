package privacy_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobproblem"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/privacy"
)

// Jobs that wait for a person while a student of theirs is erased.
func TestAStudentIsErasedBetweenPreviewAndStart(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		admin := w.As(t, w.NorthAdmin)
		w.Alpha.Update().SetHoldChangedPercent(100).SetHoldDeletedPercent(100).ExecX(fixture.System())
		erase := func(t *testing.T, st *db.Student) {
			t.Helper()
			if _, err := w.privacy.Erase(admin, []privacy.Confirmed{{ID: st.ID, ExternalID: st.ExternalID}}, "letter 17",
				nil); err != nil {
				t.Fatal(err)
			}
		}
		pair := func(name string) (one, other *db.Student) {
			return w.Student(t, w.North, name, "Erasable", 0), w.Student(t, w.North, name, "Stayer", 0)
		}
		// problems are what a person reads of a job.
		problems := func(t *testing.T, job *db.BulkJob) (all []string) {
			t.Helper()
			severity := bulkjobproblem.SeverityERROR
			list, err := w.importer.Problems(admin, job.ID, nil, nil, &severity)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range list.Items {
				all = append(all, fmt.Sprintf("%d %s %s", p.Row, p.Code, p.Message))
			}
			return all
		}
		want := func(t *testing.T, job *db.BulkJob, status bulkjob.Status, created, updated, unchanged, errors int,
			wantProblems ...string) {
			t.Helper()
			job = w.Client().BulkJob.GetX(fixture.System(), job.ID)
			got := fmt.Sprint(job.Status, job.Created, job.Updated+job.Deleted, job.Unchanged, job.Errors, problems(t, job))
			if want := fmt.Sprint(status, created, updated, unchanged, errors, wantProblems); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		}
		const erased = "ERASED The personal data of this row was erased."

		t.Run("the row is refused with a problem, by file and by selection", func(t *testing.T) {
			gone, stays := pair("Plain")
			_, leaves := pair("Other")
			file := w.job(w.NorthAdmin, students, "a.csv",
				header+","+gone.ExternalID+",,,,,3,,\n,"+stays.ExternalID+",,,,,3,,\n", false)
			deletion, err := w.importer.SubmitDeletion(admin, jobs.Selection{StudentIDs: []int{leaves.ID, gone.ID}})
			if err != nil {
				t.Fatal(err)
			}
			w.drain()
			erase(t, gone)
			want(t, file, bulkjob.StatusREADY, 0, 1, 0, 1, "1 "+erased)
			file = w.carryOut(w.NorthAdmin, file, true)
			want(t, file, bulkjob.StatusCOMPLETED_WITH_ERRORS, 0, 1, 0, 1, "1 "+erased)
			deletion = w.carryOut(w.NorthAdmin, deletion, true)
			want(t, deletion, bulkjob.StatusCOMPLETED_WITH_ERRORS, 0, 1, 0, 1, "1 "+erased)
			w.healthy()
		})
		t.Run("of a job that is all or nothing nothing is written", func(t *testing.T) {
			gone, stays := pair("Nothing")
			job, err := w.importer.Submit(admin,
				jobs.Submission{OrganizationID: w.North.ID, Kind: students, CommitMode: bulkjob.CommitModeALL_OR_NOTHING,
					File: strings.NewReader(header + "," + gone.ExternalID + ",,,,,3,,\n," + stays.ExternalID +
						",,,,secret99,3,,\n,new1,New,One,new.one,,3,,\n")})
			if err != nil {
				t.Fatal(err)
			}
			job = w.carryOut(w.NorthAdmin, job, false)
			erase(t, gone)
			job = w.carryOut(w.NorthAdmin, job, true)
			want(t, job, bulkjob.StatusFAILED, 0, 0, 2, 1,
				"0 ERASED Rows were refused after the file was checked, because their students were erased, "+
					"and the upload is all or nothing.", "1 "+erased)
			if st := w.Client().Student.GetX(fixture.System(), stays.ID); st.Grade != stays.Grade {
				t.Errorf("grade %s", st.Grade)
			}
		})
		t.Run("somebody new of the same name is somebody else", func(t *testing.T) {
			gone, _ := pair("Same")
			job := w.job(w.NorthAdmin, students, "a.csv", header+",namesake,Same,Erasable,namesake,,3,,\n", false)
			erase(t, gone)
			want(t, w.carryOut(w.NorthAdmin, job, true), bulkjob.StatusCOMPLETED, 1, 0, 0, 0)
		})
		t.Run("no correction reads the erased row of the file", func(t *testing.T) {
			gone, stays := pair("Correct")
			planned := w.job(w.NorthAdmin, students, "a.csv",
				header+","+gone.ExternalID+",Secretly,,,,3,,\n,"+stays.ExternalID+",,,,,3,,\n", false)
			refused := w.job(w.NorthAdmin, students, "a.csv",
				header+","+gone.ExternalID+",Secretly,,,,99,,\n,"+stays.ExternalID+",,,,,3,,\n", false)
			looked := jobs.PreviewVersion(planned)
			erase(t, gone)
			for _, job := range []*db.BulkJob{planned, refused} {
				c, err := w.importer.Correct(admin,
					jobs.Correction{
						JobID:  job.ID,
						Row:    1,
						Values: []sheet.Cell{{Column: "Grade", Value: "5"}, {Column: "Username", Value: "brandnew"}},
					})
				if fault.KindOf(err) != fault.NotFound {
					t.Errorf("%+v, %v", c, err)
				}
			}
			if now := jobs.PreviewVersion(w.Client().BulkJob.GetX(fixture.System(), planned.ID)); now == looked {
				t.Error("whoever has looked at the preview approves what it has become")
			}
			// The ID is free for another row.
			c, err := w.importer.Correct(admin,
				jobs.Correction{JobID: planned.ID, Row: 2, Values: []sheet.Cell{{Column: "Student ID", Value: gone.ExternalID},
					{Column: "First Name", Value: "Some"}, {Column: "Last Name", Value: "Body"},
					{Column: "Username", Value: "somebody"}}})
			if err != nil || len(c.Problems) > 0 || c.Job.Created != 1 {
				t.Errorf("%+v, %v", c, err)
			}
		})
		t.Run("nor that of a row which was to change nothing", func(t *testing.T) {
			gone, _ := pair("Unchanged")
			job := w.job(w.NorthAdmin, students, "a.csv",
				header+","+gone.ExternalID+",Unchanged,Erasable,"+gone.Username+",,7,,\n", false)
			want(t, job, bulkjob.StatusREADY, 0, 0, 1, 0)
			correct := func() error {
				_, err := w.importer.Correct(admin,
					jobs.Correction{JobID: job.ID, Row: 1, Values: []sheet.Cell{{Column: "Username", Value: gone.Username}}})
				return err
			}
			if err := correct(); err != nil {
				t.Errorf("before: %v", err)
			}
			job = w.job(w.NorthAdmin, students, "a.csv",
				header+","+gone.ExternalID+",Unchanged,Erasable,"+gone.Username+",,7,,\n", false)
			erase(t, gone)
			if err := correct(); fault.KindOf(err) != fault.Conflict {
				t.Errorf("after: %v", err)
			}
			for _, job := range w.Client().BulkJob.Query().Where(bulkjob.StatusEQ(bulkjob.StatusREADY), bulkjob.Unchanged(1)).
				AllX(fixture.System()) {
				if _, err := w.importer.Cancel(admin, job.ID); err != nil {
					t.Error(err)
				}
			}
		})
		t.Run("the corrected row of a namesake stays as it was corrected", func(t *testing.T) {
			gone, _ := pair("Twin")
			gone = gone.Update().SetExternalID("8").SaveX(fixture.System()) // As the grade of the other one.
			job := w.job(w.NorthAdmin, students, "a.csv", header+",twin2,Twin,Erasable,twin2,,3,,\n", false)
			correct := func(column, value string) {
				t.Helper()
				if _, err := w.importer.Correct(admin,
					jobs.Correction{JobID: job.ID, Row: 1, Values: []sheet.Cell{{Column: column, Value: value}}}); err != nil {
					t.Fatal(err)
				}
			}
			correct("Grade", "8")
			erase(t, gone)
			correct("Username", "twin2b")
			want(t, w.carryOut(w.NorthAdmin, job, true), bulkjob.StatusCOMPLETED, 1, 0, 0, 0)
			if st := w.Client().Student.Query().Where(student.ExternalID("twin2")).
				OnlyX(fixture.System()); st.Grade.String() != "8" || st.Username != "twin2b" {
				t.Errorf("grade %s, username %s", st.Grade, st.Username)
			}
		})
		t.Run("a file that is being checked meanwhile is checked again", func(t *testing.T) {
			for round := range 5 {
				gone := w.Student(t, w.North, fmt.Sprintf("Verified%d", round), "Erasable", 0)
				var file strings.Builder
				fmt.Fprintf(&file, "%s,%s,Halfway%d,,,,3,,\n", header[:len(header)-1]+"\n", gone.ExternalID, round)
				for i := range 1500 {
					fmt.Fprintf(&file, ",r%dn%d,New,One,newone%dx%d,,7,,\n", round, i, round, i)
				}
				job, err := w.importer.Submit(admin,
					jobs.Submission{OrganizationID: w.North.ID, Kind: students, File: strings.NewReader(file.String())})
				if err != nil {
					t.Fatal(err)
				}
				var all sync.WaitGroup
				// The job may be lost on the way, and is then taken up by the next.
				all.Go(func() { _ = w.importer.Drain(context.Background()) })
				for w.Client().BulkJob.GetX(fixture.System(), job.ID).TotalRows == 0 {
					time.Sleep(time.Millisecond)
				}
				time.Sleep(time.Duration(round) * 5 * time.Millisecond)
				erase(t, gone)
				all.Wait()
				w.drain()
				if job = w.Client().BulkJob.GetX(fixture.System(), job.ID); job.Status != bulkjob.StatusREADY ||
					job.Created != 1500 || job.Errors != 1 {
					t.Errorf("round %d: %s, %d created, %d errors", round, job.Status, job.Created, job.Errors)
				}
				w.wantNowhere(false, fmt.Sprintf("Halfway%d", round), fmt.Sprintf("Verified%d", round))
				if _, err := w.importer.Cancel(admin, job.ID); err != nil {
					t.Error(err)
				}
			}
		})
		for _, job := range w.Client().BulkJob.Query().AllX(fixture.System()) {
			if job.TotalRows != job.Created+job.Updated+job.Deleted+job.Unchanged+job.Errors {
				t.Errorf("job %d has %d rows, and its counts say %+v", job.ID, job.TotalRows, job)
			}
		}
		if n := w.Client().BulkJob.Query().Where(bulkjob.StatusEQ(bulkjob.StatusREADY)).CountX(fixture.System()); n != 2 {
			t.Errorf("%d jobs wait", n)
		}
	})
}
