package audit_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
)

// TestWhatIsKeptStaysGood computes what databases hold since they were written: another
// form of a hash makes each of their chains look altered.
func TestWhatIsKeptStaysGood(t *testing.T) {
	t.Parallel()
	e := &db.AuditEvent{
		DistrictID: 11, Seq: 12, CreatedAt: time.Date(2026, time.November, 18, 15, 0, 0, 123456000,
			time.UTC), Action: "ACTION", Code: "CODE",
		ActorKind: "KIND", ActorID: 13, ActorLabel: "label", Roles: "roles", Address: "address", RequestID: "request",
		Operation:      "operation",
		OrganizationID: 14, TargetType: "Student", TargetID: 15, JobID: 16, Facts: "facts", DetailsDigest: "details",
		PrevHash: "before",
	}
	details := []*db.AuditDetail{{Position: 1, SubjectType: "Student", SubjectID: 12, Digest: "one"},
		{Position: 2, SubjectType: "Group", SubjectID: 3, Digest: "two"}}
	var rows audit.Rows
	rows.Add(1, 23, 4, []byte("plan"), []byte("before"))
	rows.Add(2, 5, 6, []byte("plan"), nil)
	for what, c := range map[string][2]string{
		"an entry": {audit.Link(e), "52b0a7ee64387bc3c2a2d055fdbca248d1e21b634f005180d4722e256c00775b"},
		"a detail": {audit.DigestOf("salt", "body"),
			"4f8c32f5ac9257247eddb758732b00e08a5b75af5a317ad45a4cceda94707821"},
		"some details":    {audit.DigestAll(details), "7386c5620375f7024a350a970d0b3a2a1ed19fde312e654cfef54ccbaf814750"},
		"no details":      {audit.DigestAll(nil), ""},
		"rows of a job":   {rows.Digest(), "f43eebbd539ae452d22bcfbcd594fc77ed9775d3e7a079675907046587339a85"},
		"no rows":         {new(audit.Rows).Digest(), ""},
		"how many":        {fmt.Sprint(rows.Count()), "2"},
		"how many images": {fmt.Sprint(rows.Images()), "1"},
	} {
		if c[0] != c[1] {
			t.Errorf("%s has the hash %s, and had %s", what, c[0], c[1])
		}
	}
}

// TestAChainOfAnotherDistrictIsNoticed puts a whole chain, with its head, into the place
// of another one.
func TestAChainOfAnotherDistrictIsNoticed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		for i := range 2 {
			record(fixture.System(), t, d, updated(w.Alpha.ID, 0, i+1, "Ada", "Eva"))
		}
		tamper(t, d, fmt.Sprintf("UPDATE audit_events SET district_id = %d WHERE district_id = %d", w.Beta.ID, w.Alpha.ID),
			fmt.Sprintf("UPDATE audit_details SET district_id = %d WHERE district_id = %d", w.Beta.ID, w.Alpha.ID),
			fmt.Sprintf("UPDATE audit_heads SET district_id = %d WHERE district_id = %d", w.Beta.ID, w.Alpha.ID))
		if v := verify(t, d, w.Beta.ID, ""); v.Damage == nil || v.Damage.Fault != audit.Altered || v.Damage.Seq != 1 {
			t.Errorf("%+v", v.Damage)
		}
	})
}

// TestWhichChainsThereAre finds chains of which a part was removed.
func TestWhichChainsThereAre(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		for district := range 4 {
			record(fixture.System(), t, d, audit.Event{Action: audit.SignInRefused, DistrictID: district})
		}
		tamper(t, d, "DELETE FROM audit_heads WHERE district_id = 1", "DELETE FROM audit_events WHERE district_id = 2",
			"UPDATE audit_events SET code = 'X' WHERE district_id = 3")
		chains, err := audit.Chains(context.Background(), d)
		if err != nil || !slices.Equal(chains, []int{0, 1, 2, 3}) {
			t.Fatalf("%v, %v", chains, err)
		}
		for district, want := range []audit.Fault{"", audit.Altered, audit.CutOff, audit.Altered} {
			var got audit.Fault
			if v := verify(t, d, district, ""); v.Damage != nil {
				got = v.Damage.Fault
			}
			if got != want {
				t.Errorf("chain %d: %q, want %q", district, got, want)
			}
		}
	})
}

// TestTheFirstDamageIsTold alters two entries; only the first one is reported.
func TestTheFirstDamageIsTold(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		for i := range 5 {
			record(fixture.System(), t, d, updated(w.Alpha.ID, 0, i+1, "Ada", "Eva"))
		}
		hashes := d.Client(context.Background()).AuditEvent.Query().Order(db.Asc(auditevent.FieldSeq)).
			Select(auditevent.FieldHash).StringsX(fixture.System())
		for i, hash := range hashes {
			if v := verify(t, d, w.Alpha.ID, hash); v.Damage != nil {
				t.Errorf("the noted hash of entry %d is not found: %+v", i+1, v.Damage)
			}
		}
		for _, other := range []string{"0", "f" + hashes[0][1:] + "f"} {
			if v := verify(t, d, w.Alpha.ID, other); v.Damage == nil || v.Damage.Fault != audit.Unexpected {
				t.Errorf("a hash that no entry has is found: %+v", v.Damage)
			}
		}
		tamper(t, d, "UPDATE audit_details SET body = 'x' WHERE seq = 2", "UPDATE audit_heads SET hash = 'x'",
			"UPDATE audit_details SET body = NULL, salt = NULL WHERE seq = 4")
		if v := verify(t, d, w.Alpha.ID, "0"); v.Damage == nil || v.Damage.Seq != 2 || v.Damage.Fault != audit.Altered ||
			v.Entries != 1 {
			t.Errorf("%+v %+v", v, v.Damage)
		}
	})
}

// TestManyAreErasedAtOnce erases more than one statement names, of both kinds.
func TestManyAreErasedAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		for district, kind := range map[int]globalid.Type{1: globalid.Student, 2: globalid.Educator} {
			e := audit.Event{Action: audit.StudentsAssigned, DistrictID: district}
			var ids []int
			for i := range 501 {
				e.Others = append(e.Others, audit.Detail{Subject: audit.On(kind, i+1), Changes: audit.Changes{{Field: "x"}}})
				ids = append(ids, i+1)
			}
			record(fixture.System(), t, d, e)
			err := d.InTx(fixture.System(), func(ctx context.Context, client *db.Client) error {
				n, err := audit.Erase(ctx, client, district, 0, kind, ids)
				if n != 501 {
					t.Errorf("%d of 501 details were erased", n)
				}
				return err
			})
			if v := verify(t, d, district, ""); err != nil || v.Damage != nil || v.Erased != 501 {
				t.Errorf("%s: %v, %+v %+v", kind, err, v, v.Damage)
			}
		}
		err := d.InTx(fixture.System(), func(ctx context.Context, client *db.Client) error {
			_, err := audit.Erase(ctx, client, 1, 0, globalid.Group, []int{1})
			return err
		})
		if err == nil {
			t.Error("a group was erased")
		}
	})
}

// TestRowsThatExplainThemselves is about a batch of a job, some of whose rows are not
// what they were, and what explains that.
func TestRowsThatExplainThemselves(t *testing.T) {
	t.Parallel()
	nameless := "UPDATE bulk_job_rows SET target_id = 0, plan = '', `before` = NULL WHERE job_id = %d AND `row` = 2"
	erasure := func(a audit.Action) func(district int) audit.Event {
		return func(district int) audit.Event {
			return audit.Event{Action: a, DistrictID: district, Target: audit.On(globalid.Student, 12)}
		}
	}
	elsewhere := func(a audit.Action) func(district int) audit.Event {
		return func(district int) audit.Event {
			return audit.Event{Action: a, DistrictID: district + 5000, Target: audit.On(globalid.Student, 12)}
		}
	}
	type result struct {
		batches, forgotten int
		damaged            bool
	}
	cases := map[string]struct {
		before, after func(district int) audit.Event
		change        string
		images        bool
		want          result
	}{
		"nothing has happened":     {images: true, want: result{batches: 1}},
		"nothing was there before": {want: result{batches: 1}},
		"a row has changed": {images: true,
			change: "UPDATE bulk_job_rows SET plan = 'other' WHERE job_id = %d AND `row` = 2", want: result{damaged: true}},
		"a row without images has changed": {change: "UPDATE bulk_job_rows SET plan = 'other' WHERE job_id = %d AND `row` = 2", want: result{damaged: true}},
		"the first row is gone": {images: true,
			change: "DELETE FROM bulk_job_rows WHERE job_id = %d AND `row` = 1", want: result{forgotten: 1}},
		"the last row was undone": {images: true,
			change: "UPDATE bulk_job_rows SET state = 2 WHERE job_id = %d AND `row` = 3", want: result{forgotten: 1}},
		"all that was there before is forgotten": {images: true,
			change: "UPDATE bulk_job_rows SET `before` = NULL WHERE job_id = %d", want: result{forgotten: 1}},
		"what one row had before is forgotten": {images: true,
			change: "UPDATE bulk_job_rows SET `before` = NULL WHERE job_id = %d AND `row` = 1", want: result{damaged: true}},
		"a name is gone": {images: true, change: nameless, want: result{damaged: true}},
		"a name is gone, and a student was erased": {images: true, change: nameless,
			after: erasure(audit.StudentErased), want: result{forgotten: 1}},
		"a name is gone, and an educator was erased": {images: true, change: nameless,
			after: erasure(audit.EducatorErased), want: result{forgotten: 1}},
		"a name is gone, and one had been erased": {images: true, change: nameless,
			before: erasure(audit.StudentErased), want: result{damaged: true}},
		"a name is gone, and one was erased elsewhere": {images: true, change: nameless,
			after: elsewhere(audit.StudentErased), want: result{damaged: true}},
		"a name is gone, and something else has been": {images: true, change: nameless,
			after: erasure(audit.StudentUpdated), want: result{damaged: true}},
		"a row that the batch is not about has changed": {images: true,
			change: "UPDATE bulk_job_rows SET plan = 'other' WHERE job_id = %d AND `row` = 4", want: result{batches: 1}},
	}
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		tamper(t, d)
		district := 20000
		for name, c := range cases {
			district++
			t.Run(name, func(t *testing.T) {
				if c.before != nil {
					record(fixture.System(), t, d, c.before(district))
				}
				job := w.Client().BulkJob.Create().SetDistrictID(w.Alpha.ID).SetOrganizationID(w.North.ID).
					SetSubmittedBy(w.NorthAdmin.ID).
					SetKind(bulkjob.KindIMPORT_STUDENTS).SaveX(fixture.System())
				var rows audit.Rows
				for i := 1; i <= 4; i++ {
					row := w.Client().BulkJobRow.Create().SetJobID(job.ID).SetRow(i).SetTargetID(10 +
						i).SetLabel("label").SetPlan([]byte("plan")).
						SetChangeCount(1).SetAppliedVersion(2).SetState(1)
					if c.images {
						row.SetBefore([]byte("before"))
					}
					if r := row.SaveX(fixture.System()); i <= 3 {
						rows.Add(r.Row, r.TargetID, r.AppliedVersion, r.Plan, r.Before)
					}
				}
				record(fixture.System(), t, d, audit.Event{Action: audit.JobRowsApplied, DistrictID: district, JobID: job.ID,
					Facts: audit.Facts{"from": 1, "to": 3, "rows": rows.Count(), "images": rows.Images(), "digest": rows.Digest()}})
				if c.after != nil {
					record(fixture.System(), t, d, c.after(district))
				}
				if c.change != "" {
					if _, err := d.Client(context.Background()).ExecContext(context.Background(),
						fmt.Sprintf(c.change, job.ID)); err != nil {
						t.Fatal(err)
					}
				}
				v := verify(t, d, district, "")
				if got := (result{v.Batches, v.Forgotten, v.Damage != nil}); got != c.want {
					t.Errorf("%+v %+v; want %+v", got, v.Damage, c.want)
				}
			})
		}
	})
}
