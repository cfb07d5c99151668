package job_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
)

// trail are the actions of a job's entries, in order, with who did each.
func (b *bench) trail(job *db.BulkJob) (actions []string) {
	b.t.Helper()
	ctx := fixture.System()
	for _, e := range b.Client().AuditEvent.Query().Where(auditevent.JobID(job.ID)).
		Order(db.Asc(auditevent.FieldSeq)).AllX(ctx) {
		actions = append(actions, fmt.Sprintf("%s %s %d", e.Action, e.ActorKind, e.ActorID))
	}
	return actions
}

func (b *bench) verifyTrail() audit.Verified {
	b.t.Helper()
	v, err := audit.Verify(b.t.Context(), b.DB, b.Alpha.ID, "")
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

func TestTrailOfAJob(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		job := b.applied(b.NorthAdmin, b.verified(b.NorthAdmin, b.North, bulkjob.KindIMPORT_STUDENTS,
			"Student ID,First Name,Last Name,Username,Password,Grade,Classes/Groups\n"+
				"N1,Ada,Lovelace,ada.l,enchantress,7,Algebra\nN2,Alan,Turing,alan.t,bletchley,7,\n"))
		change := b.applied(b.NorthAdmin,
			b.verified(b.NorthAdmin, b.North, bulkjob.KindIMPORT_STUDENTS, "Student ID,First Name\nN1,Augusta\n"))
		who := b.NorthAdmin.ID

		t.Run("each step has an entry of its person, and each batch one of the submitter", func(t *testing.T) {
			want := []string{
				fmt.Sprintf("JOB_SUBMITTED EDUCATOR %d", who), fmt.Sprintf("JOB_STARTED EDUCATOR %d", who),
				fmt.Sprintf("JOB_ROWS_APPLIED EDUCATOR %d", who), "JOB_FINISHED SERVER 0",
			}
			if got := b.trail(job); !slices.Equal(got, want) {
				t.Errorf("%q; want %q", got, want)
			}
		})
		t.Run("the entry of a batch is compared with the rows", func(t *testing.T) {
			if v := b.verifyTrail(); v.Damage != nil || v.Batches != 2 || v.Forgotten != 0 {
				t.Fatalf("%+v %+v", v, v.Damage)
			}
			row := b.number("SELECT id FROM bulk_job_rows WHERE job_id = ? AND `row` = 2", job.ID)
			plan := b.Client().BulkJobRow.GetX(fixture.System(), row).Plan
			b.exec("UPDATE bulk_job_rows SET plan = ? WHERE id = ?",
				[]byte(strings.Replace(string(plan), "Alan", "Alonzo", 1)), row)
			if v := b.verifyTrail(); v.Damage == nil || v.Damage.Fault != audit.Altered {
				t.Errorf("a row that says something else was not found: %+v", v)
			}
			b.exec("UPDATE bulk_job_rows SET plan = ? WHERE id = ?", plan, row)
		})
		t.Run("rows that were undone are explained", func(t *testing.T) {
			b.undone(b.NorthAdmin, change, bulkjob.StatusUNDONE, 1, 0)
			if v := b.verifyTrail(); v.Damage != nil || v.Batches != 1 || v.Forgotten != 1 {
				t.Errorf("%+v %+v", v, v.Damage)
			}
			got := b.trail(change)
			if want := fmt.Sprintf("JOB_UNDO_REQUESTED EDUCATOR %d", who); !slices.Contains(got, want) ||
				!slices.Contains(got, fmt.Sprintf("JOB_ROWS_UNDONE EDUCATOR %d", who)) {
				t.Errorf("%q", got)
			}
		})
		t.Run("no password stands in the trail", func(t *testing.T) {
			ctx := fixture.System()
			for _, detail := range b.Client().AuditDetail.Query().AllX(ctx) {
				if strings.Contains(*detail.Body, "enchantress") || strings.Contains(*detail.Body, "argon2") {
					t.Errorf("%s", *detail.Body)
				}
			}
			for _, e := range b.Client().AuditEvent.Query().AllX(ctx) {
				if strings.Contains(e.Facts, "enchantress") || strings.Contains(e.Facts, "Ada") {
					t.Errorf("%s", e.Facts)
				}
			}
		})
	})
}
