package privacy_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobproblem"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrow"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/usage"
)

const (
	students = bulkjob.KindIMPORT_STUDENTS
	header   = "Database ID,Student ID,First Name,Last Name,Username,Password,Grade,School,Classes/Groups\n"
)

// marks are values of one student that nothing else holds.
var marks = []string{"Zyxwana", "Qvorbel", "zyxuser", "ZYX-0042", "zyxevent", "Zyxformer", "zyxolduser"}

// writeEverywhere creates a student by one of the ways and has the values written
// wherever the program copies them.
func (w *world) writeEverywhere() *db.Student {
	t := w.t
	t.Helper()
	admin := w.As(t, w.NorthAdmin)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	// A first attempt with a refused row: nothing connects the row to the student.
	w.job(w.NorthAdmin, students, "refused.csv",
		header+",ZYX-0042,Zyxwana,Qvorbel,zyxuser,first-secret,99,,\n,,Zyxwana,Qvorbel,zyxuser,,7,,\n", false)
	// Verified and left alone.
	w.job(w.NorthAdmin, students, "left alone.csv",
		header+",ZYX-0042,Zyxwana,Qvorbel,zyxuser,first-secret,7,,Algebra\n,other1,Other,One,other.one,,7,,\n", false)
	// Created by a file, with a name of a file that names the student.
	w.job(w.NorthAdmin, students, "Zyxwana_Qvorbel.csv",
		header+",ZYX-0042,Zyxformer,Qvorbel,zyxolduser,first-secret,7,,Algebra\n,beside1,Beside,One,beside.one,,7,,\n", true)
	st := w.Client().Student.Query().Where(student.ExternalID("ZYX-0042")).OnlyX(fixture.System())
	w.Client().FormerSchool.Create().SetCreatedAt(fixture.Today.AddDate(0, 0, -20)).SetStudentID(st.ID).
		SetOrganizationID(w.South.ID).ExecX(fixture.System())
	// Changed by a person, by a file, and in bulk; put back again.
	_, err := w.roster.UpdateStudent(admin,
		roster.StudentChange{ID: st.ID, FirstName: ptr("Zyxwana"), Username: ptr("zyxuser"), Password: ptr("second-secret")})
	must(err)
	renamed := w.job(w.NorthAdmin, students, "renamed.csv",
		header+",ZYX-0042,Zyxformer,,zyxolduser,third-secret,8,,Biology\n", true)
	_, err = w.importer.Undo(admin, renamed.ID)
	must(err)
	w.drain()
	edit, err := w.importer.SubmitEdit(admin, jobs.Selection{StudentIDs: []int{st.ID}},
		kind.Edit{Grade: "9", AddTo: []int{w.Biology.ID}})
	must(err)
	w.carryOut(w.NorthAdmin, edit, true)
	w.Group(t, w.North, "Choir")
	w.job(w.NorthAdmin, bulkjob.KindIMPORT_ENROLLMENTS, "enrollments.csv", "Class,Person ID\nChoir,ZYX-0042\n", true)
	// Rows about others that name the student.
	w.job(w.NorthAdmin, students, "taken.csv",
		header+",taken1,Taken,One,zyxuser,,7,,\n,zyx-0042x,Taken,Two,ZYXUSER,,7,,\n", false)
	other := w.Student(t, w.North, "Other", "Two", 0)
	w.job(w.NorthAdmin, students, "mismatch.csv", header+studentID(other)+",ZYX-0042,,,,,8,,\n", false)
	// Usage, with an event whose id names the student.
	_, _, problems, err := w.usage.Record(admin, w.North.ID, []usage.Event{
		{ID: "zyxevent-Zyxwana-1", StudentExternalID: "ZYX-0042", ProductCode: "MATH", StartedAt: fixture.Today.Add(-time.Hour), Seconds: 600},
		{ID: "other-1", StudentExternalID: other.ExternalID, ProductCode: "MATH", StartedAt: fixture.Today.Add(-time.Hour), Seconds: 60},
	})
	must(err)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	_, err = w.roster.AssignStudents(admin, []int{st.ID}, []int{w.Algebra.ID})
	must(err)
	return w.Client().Student.GetX(fixture.System(), st.ID)
}

func TestAPurgeErasesEverything(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		st := w.writeEverywhere()
		admin := w.As(t, w.NorthAdmin)
		// One student is more than ten percent of the school.
		w.North.Update().SetHoldDeletedPercent(100).ExecX(fixture.System())
		deletion, err := w.importer.SubmitDeletion(admin, jobs.Selection{StudentIDs: []int{st.ID}})
		if err != nil {
			t.Fatal(err)
		}
		deletion = w.carryOut(w.NorthAdmin, deletion, true)
		w.wantEverywhere(marks...)
		w.healthy()
		// Refused rows are encrypted, so that nobody would find them by their text.
		refused := func() int { return w.Client().BulkJobRefusedRow.Query().CountX(fixture.System()) }
		if n := refused(); n != 5 {
			t.Errorf("%d refused rows were kept; want 5", n)
		}
		report := func() string {
			t.Helper()
			r, err := w.usage.Report(w.As(t, w.DistrictAdmin), w.Alpha.ID, usage.EightWeeks, nil, nil, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprintf("%+v %+v", r.Totals, r.Weeks)
		}
		before := report()

		w.clock.days(89)
		if n := w.purged(); n != 0 {
			t.Fatalf("%d students were erased before their time", n)
		}
		w.wantEverywhere(marks...)
		w.clock.days(2)
		if due, err := w.privacy.Due(ctx); err != nil || len(due) != 1 || due[0].Students != 1 {
			t.Errorf("due: %+v, %v", due, err)
		}
		w.wantEverywhere(marks...)
		if n := w.purged(); n != 1 {
			t.Fatalf("%d students were erased", n)
		}
		if n := w.Client().FormerSchool.Query().CountX(fixture.System()); n != 0 {
			t.Errorf("%d schools that the student had left are still there", n)
		}
		w.wantNowhere(true, marks...)
		if strings.Contains(w.dump(true), st.PasswordHash) {
			t.Error("the hash of the password is still there")
		}
		if n := refused(); n != 0 {
			t.Errorf("%d refused rows that name the student are left", n)
		}
		w.healthy()
		w.clock.days(-91)
		if after := report(); after != before {
			t.Errorf("the report says %s and said %s", after, before)
		}
		w.clock.days(91)
		for _, job := range w.Client().BulkJob.Query().AllX(fixture.System()) {
			if job.TotalRows != job.Created+job.Updated+job.Deleted+job.Unchanged+job.Errors {
				t.Errorf("job %d has %d rows, and its counts say %+v", job.ID, job.TotalRows, job)
			}
		}
		if v, err := audit.Verify(ctx, w.DB, w.Alpha.ID, ""); err != nil || v.Damage != nil {
			t.Errorf("the audit trail: %+v, %+v, %v", v, v.Damage, err)
		}
		t.Run("the usage is a sum of the district, because one student is no crowd", func(t *testing.T) {
			total := w.Client().UsageTotal.Query().OnlyX(fixture.System())
			if total.Seconds != 600 || total.OrganizationID != w.Alpha.ID || total.WeekEnding.String() != "2026-11-21" {
				t.Errorf("%+v", total)
			}
		})
		t.Run("Student ID and username are free", func(t *testing.T) {
			_, err := w.roster.CreateStudent(admin,
				roster.NewStudent{
					OrganizationID: w.North.ID,
					ExternalID:     "ZYX-0042",
					FirstName:      "New",
					LastName:       "Person",
					Username:       "zyxuser",
					Grade:          "1",
				})
			if err != nil {
				t.Error(err)
			}
		})
		t.Run("what others did stays", func(t *testing.T) {
			dump := w.dump(false)
			for _, v := range []string{"other.one", "other-1"} {
				if !strings.Contains(dump, v) {
					t.Errorf("%q was erased as well", v)
				}
			}
		})
		t.Run("a job about nobody who is left cannot be undone", func(t *testing.T) {
			// As if the organization had set a longer time since.
			w.North.Update().SetRetentionDays(365).ExecX(fixture.System())
			if _, err := w.importer.Undo(admin, deletion.ID); err != nil {
				t.Fatal(err)
			}
			w.drain()
			if job := w.Client().BulkJob.GetX(fixture.System(), deletion.ID); job.Status != bulkjob.StatusPARTIALLY_UNDONE ||
				job.KeptRows != 1 {
				t.Errorf("%+v", job)
			}
			emptied := w.Client().BulkJobRow.Query().Where(bulkjobrow.JobID(deletion.ID)).OnlyX(fixture.System())
			problem := w.Client().BulkJobProblem.Query().Where(bulkjobproblem.JobID(deletion.ID)).OnlyX(fixture.System())
			if emptied.TargetID != 0 || emptied.Label != "Erased" || problem.Code != row.CannotUndo {
				t.Errorf("%+v %+v", emptied, problem)
			}
		})
	})
}

func studentID(st *db.Student) string { return globalid.Encode(globalid.Student, st.ID) }
