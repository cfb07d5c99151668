package job_test

import (
	"context"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
)

func TestSettingsOfTheOrganization(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		system := fixture.System()
		t.Run("where a password is required, a new student without one is refused", func(t *testing.T) {
			b := b.on(t)
			b.Alpha.Update().SetPasswordRequired(1).SetPasswordMinLength(6).ExecX(system)
			job := b.verified(b.NorthAdmin, b.North, students,
				header+",n1,New,One,new.one,,7,,\n,n2,New,Two,new.two,short,7,,\n,n3,New,Three,new.three,secret,7,,\n")
			b.wantProblems(job, `row 1 Password REQUIRED ""`, `row 2 Password PASSWORD_TOO_SHORT ""`)
			b.North.Update().SetPasswordRequired(0).ExecX(system)
			job = b.verified(b.NorthAdmin, b.North, students, header+",n1,New,One,new.one,,7,,\n")
			b.want(job, ready, 1, 0, 0, 0)
		})
		t.Run("a student comes back as long as the school keeps the deleted, and not longer", func(t *testing.T) {
			b := b.on(t)
			gone := b.Student(t, b.North, "Gone", "Away", 0)
			gone.Update().SetDeletedAt(fixture.Today.AddDate(0, 0, -40)).ExecX(system)
			row := header + "," + gone.ExternalID + ",Gone,Away,,,,,\n"
			b.want(b.verified(b.NorthAdmin, b.North, students, row), ready, 0, 1, 0, 0)
			waiting := b.verified(b.NorthAdmin, b.North, students, row)
			b.North.Update().SetRetentionDays(30).ExecX(system)
			b.wantProblems(b.verified(b.NorthAdmin, b.North, students, row),
				`row 1 Student ID EXTERNAL_ID_TAKEN "`+gone.ExternalID+`"`)
			b.want(b.applied(b.NorthAdmin, waiting), withErrors, 0, 0, 0, 1)
			b.North.Update().ClearRetentionDays().ExecX(system)
		})
		t.Run("jobs are undone and their rows kept for as long as the organization has set", func(t *testing.T) {
			b := b.on(t)
			b.Alpha.Update().SetRetentionDays(40).SetJobDays(60).ExecX(system)
			b.imported(b.NorthAdmin, b.North, students, header+",k1,Kept,Before,kept.one,,7,,\n")
			job := b.imported(b.NorthAdmin, b.North, students,
				header+",k1,Kept,One,kept.one,,7,,\n,k2,Kept,Two,kept.two,,99,,\n")
			at := func(days int) *bench {
				later := &clock{now: fixture.Today.Add(time.Duration(days) * 24 * time.Hour).Add(time.Minute)}
				s := benchOn(t, b.World, func(o *jobs.Options) { o.Now = later.Now })
				if err := s.Sweep(context.Background()); err != nil {
					t.Fatal(err)
				}
				return s
			}
			rows, images, problems := "SELECT COUNT(*) FROM bulk_job_rows WHERE job_id = ?",
				"SELECT COUNT(*) FROM bulk_job_rows WHERE job_id = ? AND `before` IS NOT NULL",
				"SELECT COUNT(*) FROM bulk_job_problems WHERE job_id = ?"
			if at(39); b.number(images, job.ID) != 1 {
				t.Error("forgotten too early")
			}
			s := at(41)
			if b.number(images, job.ID) != 0 || b.number(rows, job.ID) != 1 || b.number(problems, job.ID) != 1 {
				t.Error("after 41 days only what an undo needs is forgotten")
			}
			_, err := s.Undo(b.As(t, b.NorthAdmin), job.ID)
			b.refused(err, fault.Conflict, "NOT_UNDOABLE", "more than 40 days ago")
			if at(61); b.number(rows, job.ID)+b.number(problems, job.ID) != 0 {
				t.Error("after 61 days the rows are still there")
			}
			b.want(b.job(job.ID), withErrors, 0, 1, 0, 1)
			if got := b.job(job.ID); got.FileName != "" || got.Forgotten != 2 {
				t.Errorf("%+v", got)
			}
		})
	})
}
