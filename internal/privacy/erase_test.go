package privacy_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/privacy"
	"github.com/openhomeroom/homeroom/internal/roster"
)

func TestErasureOnRequest(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		st := w.writeEverywhere()
		admin := w.As(t, w.NorthAdmin)
		this := []privacy.Confirmed{{ID: st.ID, ExternalID: "ZYX-0042"}}
		refused := func(t *testing.T, who context.Context, wanted []privacy.Confirmed, reference, code, field string) {
			t.Helper()
			before := w.dump(false)
			_, err := w.privacy.Erase(who, wanted, reference, nil)
			var list roster.Refusals
			if !errors.As(err, &list) {
				list = roster.Refusals{faultOf(t, err)}
			}
			if list[0].Code != code || list[0].Field != field {
				t.Errorf("got %s at %q; want %s at %q", list[0].Code, list[0].Field, code, field)
			}
			if w.dump(false) != before {
				t.Error("a refusal has changed something")
			}
		}
		t.Run("what is refused erases nothing", func(t *testing.T) {
			refused(t, admin, this, " ", "REQUIRED", "reference")
			refused(t, admin, this, strings.Repeat("x", 201), "TOO_LONG", "reference")
			refused(t, admin, this, "about zyx-0042", "PERSONAL_REFERENCE", "reference")
			refused(t, admin, this, "the Qvorbel case", "PERSONAL_REFERENCE", "reference")
			refused(t, admin, this, "the case of QVÓRBEL", "PERSONAL_REFERENCE", "reference")
			refused(t, admin, this, "account "+strings.ToUpper(st.Username), "PERSONAL_REFERENCE", "reference")
			refused(t, admin, nil, "letter 17", "REQUIRED", "students")
			refused(t, admin, make([]privacy.Confirmed, privacy.MaxErased+1), "letter 17", "TOO_MANY", "students")
			refused(t, admin, make([]privacy.Confirmed, privacy.MaxErased), "letter 17", "NOT_FOUND", "students.0.id")
			refused(t, admin, []privacy.Confirmed{{ID: st.ID, ExternalID: "zyx-0042"}}, "letter 17", "CONFIRMATION_MISMATCH",
				"students.0.externalId")
			other := w.Student(t, w.South, "Sue", "South", 0)
			refused(t, admin, append(this[:1:1], privacy.Confirmed{ID: other.ID, ExternalID: other.ExternalID}), "letter 17",
				"NOT_FOUND", "students.1.id")
			refused(t, w.As(t, w.NorthTeacher), this, "letter 17", "FORBIDDEN", "students.0.id")
			for _, who := range []*db.Educator{w.SouthAdmin, w.BetaAdmin, w.SouthTeacher} {
				refused(t, w.As(t, who), this, "letter 17", "NOT_FOUND", "students.0.id")
			}
			synced := w.Student(t, w.North, "Syd", "Synced", 0).Update().SetSynced(1).SaveX(fixture.System())
			refused(t, admin, []privacy.Confirmed{{ID: synced.ID, ExternalID: synced.ExternalID}}, "letter 17", "SYNCED_STUDENT",
				"students.0.id")
		})
		edit, err := w.importer.SubmitEdit(admin, jobs.Selection{StudentIDs: []int{st.ID}}, kind.Edit{Grade: "11"})
		if err != nil {
			t.Fatal(err)
		}
		edit = w.carryOut(w.NorthAdmin, edit, true)
		pending, err := w.importer.SubmitEdit(admin, jobs.Selection{StudentIDs: []int{st.ID}}, kind.Edit{Grade: "12"})
		if err != nil {
			t.Fatal(err)
		}
		pending = w.carryOut(w.NorthAdmin, pending, false)

		t.Run("everything is erased at once, and certified", func(t *testing.T) {
			w.wantEverywhere(marks...)
			list, err := w.privacy.Erase(admin, this, "letter 17", nil)
			if err != nil || len(list) != 1 {
				t.Fatal(list, err)
			}
			c := list[0]
			w.wantNowhere(true, marks...)
			if c.Erased.Students != 1 || c.Erased.UsageDays != 1 || c.Erased.UsageEvents != 1 || c.Erased.Enrollments == 0 ||
				c.Erased.BulkJobRows == 0 || c.Erased.AuditDetails == 0 {
				t.Errorf("%+v", c.Erased)
			}
			entry := w.Client().AuditEvent.Query().Where(auditevent.Action(string(audit.ErasureCertified))).
				OnlyX(fixture.System())
			facts := map[string]any{}
			if err := json.Unmarshal([]byte(entry.Facts), &facts); err != nil {
				t.Fatal(err)
			}
			if facts["digest"] != c.Digest || facts["student"] != c.StudentID || entry.ActorID != w.NorthAdmin.ID ||
				entry.OrganizationID != w.North.ID {
				t.Errorf("%+v", entry)
			}
			for _, part := range []string{c.Digest, "letter 17", "North School", "CERTIFICATE OF ERASURE"} {
				if !strings.Contains(c.Text(), part) {
					t.Errorf("the certificate does not say %q:\n%s", part, c.Text())
				}
			}
			if v, err := audit.Verify(context.Background(), w.DB, w.Alpha.ID, ""); err != nil || v.Damage != nil {
				t.Errorf("the audit trail: %+v, %+v, %v", v, v.Damage, err)
			}
			w.healthy()
			refused(t, admin, this, "letter 17", "NOT_FOUND", "students.0.id")
		})
		t.Run("a job that waits writes nothing about the student, and one that is done cannot be undone", func(t *testing.T) {
			if got := w.Client().BulkJob.GetX(fixture.System(), pending.ID); got.Updated != 0 || got.Errors != 1 {
				t.Errorf("%+v", got)
			}
			if got := w.carryOut(w.NorthAdmin, pending, true); got.Updated != 0 || got.Errors != 1 || got.ProcessedRows != 1 {
				t.Errorf("%+v", got)
			}
			if _, err := w.importer.Undo(admin, edit.ID); err != nil {
				t.Fatal(err)
			}
			w.drain()
			if got := w.Client().BulkJob.GetX(fixture.System(), edit.ID); got.KeptRows != 1 || got.UndoneRows != 0 {
				t.Errorf("%+v", got)
			}
			w.wantNowhere(false, marks...)
		})
	})
}
