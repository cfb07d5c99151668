package audit_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"entgo.io/ent/dialect/sql/schema"
	"entgo.io/ent/schema/field"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditdetail"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/migrate"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// trailOfEveryKind is a chain with an entry of each kind: with all columns filled,
// a refusal, an operator's, one with two details, a batch of a job, an erasure,
// and one without details. It returns the key of the job.
func trailOfEveryKind(t *testing.T, d *database.DB, w *fixture.World) int {
	t.Helper()
	origin := viewer.Origin{Address: netip.MustParseAddr("192.0.2.7"), RequestID: "request:7"}
	person := viewer.WithOperation(viewer.WithOrigin(w.As(t, w.NorthTeacher), origin), "Rename")
	full := updated(w.Alpha.ID, w.North.ID, 1, "Ada", "Eva")
	full.Code, full.JobID, full.Facts = "CODE", 5, audit.Facts{"rows": 1}
	full.Others = []audit.Detail{{Subject: audit.On(globalid.Student, 2), Changes: full.Changes},
		{Subject: audit.On(globalid.Group, 1), Changes: full.Changes}}
	record(person, t, d, full)
	record(viewer.WithOperator(fixture.System(), "olga", "homeroom purge"), t, d, updated(w.Alpha.ID, 0, 2, "Ben", "Bob"))

	job := w.Client().BulkJob.Create().SetDistrictID(w.Alpha.ID).SetOrganizationID(w.North.ID).
		SetSubmittedBy(w.NorthAdmin.ID).SetKind(bulkjob.KindIMPORT_STUDENTS).SaveX(fixture.System())
	var rows audit.Rows
	for i := 1; i <= 3; i++ {
		r := w.Client().BulkJobRow.Create().SetJobID(job.ID).SetRow(i).SetTargetID(10 + i).SetLabel("label").
			SetPlan([]byte("plan")).SetBefore([]byte("before")).
			SetChangeCount(1).SetAppliedVersion(2).SetState(1).SaveX(fixture.System())
		rows.Add(r.Row, r.TargetID, r.AppliedVersion, r.Plan, r.Before)
	}
	record(person, t, d,
		audit.Event{
			Action:         audit.JobRowsApplied,
			DistrictID:     w.Alpha.ID,
			OrganizationID: w.North.ID,
			Target:         audit.On(globalid.BulkJob, job.ID),
			JobID:          job.ID,
			Facts: audit.Facts{
				"from":   1,
				"to":     3,
				"rows":   rows.Count(),
				"images": rows.Images(),
				"digest": rows.Digest(),
			},
		})
	record(person, t, d, updated(w.Alpha.ID, w.North.ID, 3, "Cleo", "Clea"))
	erase(t, d, w, 3)
	record(fixture.System(), t, d, audit.Event{Action: audit.SignInRefused, Code: "CODE", DistrictID: w.Alpha.ID})
	return job.ID
}

func erase(t *testing.T, d *database.DB, w *fixture.World, student int) {
	t.Helper()
	err := d.InTx(fixture.System(), func(ctx context.Context, client *db.Client) error {
		_, err := audit.Erase(ctx, client, w.Alpha.ID, w.North.ID, globalid.Student, []int{student})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// unwatched are the columns that Verify says nothing about, each with its reason.
var unwatched = map[string]string{
	"audit_events.id":              "the place is seq",
	"audit_details.id":             "the place is seq and position",
	"audit_heads.id":               "the place is district_id",
	"audit_heads.created_at":       "it says nothing about an entry",
	"bulk_job_rows.id":             "the place is row",
	"bulk_job_rows.created_at":     "what is compared is what was done",
	"bulk_job_rows.job_id":         "a job that has lost rows may have forgotten them",
	"bulk_job_rows.row":            "a row outside of its batch is missing there, as after an undo; see TestVerifyNoticesRowsOfAJobThatMove",
	"bulk_job_rows.state":          "an undo changes it",
	"bulk_job_rows.label":          "it is shown before the job, and does nothing",
	"bulk_job_rows.outside":        "it says who is shown the row, and is found out before",
	"bulk_job_rows.loses":          "a hold adds it up before the row is carried out",
	"bulk_job_rows.undo_loses":     "a hold adds it up before the undo",
	"bulk_job_rows.change_count":   "it is shown before the job, and does nothing",
	"bulk_job_rows.target_version": "it is looked at before the row is carried out; what counts afterwards is applied_version",
}

// TestVerifyNoticesEveryByte changes each column of each row of a chain, the smallest
// change there is, and puts it back.
func TestVerifyNoticesEveryByte(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		trailOfEveryKind(t, d, w)
		tamper(t, d)
		if v := verify(t, d, w.Alpha.ID, ""); v.Damage != nil || v.Batches != 1 {
			t.Fatalf("before anything was changed: %+v %+v", v, v.Damage)
		}
		changed := 0
		for _, table := range []*schema.Table{migrate.AuditEventsTable, migrate.AuditDetailsTable, migrate.AuditHeadsTable,
			migrate.BulkJobRowsTable} {
			ids := keys(t, d, table.Name)
			// With everything filled, a batch of a job, an erasure, and without details.
			for _, id := range slices.Compact([]int{ids[0], ids[len(ids)/2], ids[max(0, len(ids)-2)], ids[len(ids)-1]}) {
				for _, column := range table.Columns {
					if unwatched[table.Name+"."+column.Name] != "" {
						continue
					}
					before := value(t, d, table.Name, column, id)
					if before == nil { // an erased detail
						if column.Name != auditdetail.FieldBody && column.Name != auditdetail.FieldSalt {
							t.Errorf("%s.%s of row %d is NULL", table.Name, column.Name, id)
						}
						before = ""
					}
					set(t, d, table.Name, column.Name, id, another(t, before))
					if v := verify(t, d, w.Alpha.ID, ""); v.Damage == nil {
						t.Errorf("%s.%s of row %d was changed from %v, and nobody noticed", table.Name, column.Name, id, before)
					}
					changed++
					if before == "" && (column.Name == auditdetail.FieldBody || column.Name == auditdetail.FieldSalt) {
						set(t, d, table.Name, column.Name, id, nil)
					} else {
						set(t, d, table.Name, column.Name, id, before)
					}
				}
			}
		}
		if v := verify(t, d, w.Alpha.ID, ""); v.Damage != nil || changed < 80 {
			t.Errorf("after %d changes that were put back: %+v", changed, v.Damage)
		}
	})
}

// TestVerifyNoticesBytesThatMove moves the last byte of each text of an entry to the
// beginning of the next texts, so that all texts together stay the same.
func TestVerifyNoticesBytesThatMove(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		trailOfEveryKind(t, d, w)
		tamper(t, d)
		first := d.Client(context.Background()).AuditEvent.Query().
			Where(auditevent.DistrictID(w.Alpha.ID), auditevent.Seq(1)).OnlyX(fixture.System())
		var texts []*schema.Column
		for _, column := range migrate.AuditEventsColumns {
			// The others are as long as they may be.
			if column.Type == field.TypeString &&
				!slices.Contains([]string{auditevent.FieldHash, auditevent.FieldPrevHash, auditevent.FieldDetailsDigest},
					column.Name) {
				texts = append(texts, column)
			}
		}
		for i, from := range texts {
			for _, to := range texts[i+1 : min(i+4, len(texts))] {
				a, b := fmt.Sprint(value(t, d, "audit_events", from, first.ID)),
					fmt.Sprint(value(t, d, "audit_events", to, first.ID))
				if a == "" || to.Name == auditevent.FieldTargetType && len(b) >= 8 {
					continue
				}
				set(t, d, "audit_events", from.Name, first.ID, a[:len(a)-1])
				set(t, d, "audit_events", to.Name, first.ID, a[len(a)-1:]+b)
				if v := verify(t, d, w.Alpha.ID, ""); v.Damage == nil {
					t.Errorf("a byte moved from %s to %s, and nobody noticed", from.Name, to.Name)
				}
				set(t, d, "audit_events", from.Name, first.ID, a)
				set(t, d, "audit_events", to.Name, first.ID, b)
			}
		}
		// A text may contain what separates two texts when they are hashed.
		columns := map[string]*schema.Column{}
		for _, column := range texts {
			columns[column.Name] = column
		}
		request, operation := columns[auditevent.FieldRequestID], columns[auditevent.FieldOperation]
		set(t, d, "audit_events", request.Name, first.ID, "request")
		set(t, d, "audit_events", operation.Name, first.ID, "7:Rename")
		if v := verify(t, d, w.Alpha.ID, ""); v.Damage == nil {
			t.Error("a part of a text moved behind what divides it from the next, and nobody noticed")
		}
		set(t, d, "audit_events", request.Name, first.ID, "request:7")
		set(t, d, "audit_events", operation.Name, first.ID, "Rename")
		if v := verify(t, d, w.Alpha.ID, ""); v.Damage != nil {
			t.Errorf("%+v", v.Damage)
		}
	})
}

// keys are the keys of a table.
func keys(t *testing.T, d *database.DB, table string) (ids []int) {
	t.Helper()
	rows, err := d.Client(context.Background()).QueryContext(context.Background(), "SELECT id FROM "+table+" ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// value returns the value of a column of a row: text, a number, a time or nil.
func value(t *testing.T, d *database.DB, table string, column *schema.Column, id int) any {
	t.Helper()
	rows, err := d.Client(context.Background()).
		QueryContext(context.Background(), fmt.Sprintf("SELECT `%s` FROM %s WHERE id = ?", column.Name, table), id)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var v any
	if !rows.Next() {
		t.Fatalf("%s has no row %d", table, id)
	}
	if err := rows.Scan(&v); err != nil {
		t.Fatal(err)
	}
	if b, ok := v.([]byte); ok {
		return string(b)
	}
	return v
}

func set(t *testing.T, d *database.DB, table, column string, id int, v any) {
	t.Helper()
	if _, err := d.Client(context.Background()).
		ExecContext(context.Background(), fmt.Sprintf("UPDATE %s SET `%s` = ? WHERE id = ?", table, column), v,
			id); err != nil {
		t.Fatalf("%s.%s = %v: %v", table, column, v, err)
	}
}

// another is a value that differs as little as possible.
func another(t *testing.T, v any) any {
	t.Helper()
	switch v := v.(type) {
	case int64:
		return v + 1000 // further, where the next number is taken
	case time.Time:
		return v.Add(time.Microsecond)
	case string:
		if v == "" {
			return "x"
		}
		return v[:len(v)-1] + string(v[len(v)-1]^1)
	default:
		t.Fatalf("%T", v)
		return nil
	}
}
