package audit_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditdetail"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestVerifyNoticesRowsThatMove removes, doubles, exchanges and replaces rows, each
// time in a chain of its own; %[1]d is its district and %[2]d another one.
func TestVerifyNoticesRowsThatMove(t *testing.T) {
	t.Parallel()
	const eventColumns = "created_at, action, code, actor_kind, actor_id, actor_label, roles, address, request_id, " +
		"operation, organization_id, target_type, target_id, job_id, facts, details_digest, prev_hash, hash"
	const detailColumns = "created_at, subject_type, subject_id, salt, body, digest"
	cases := map[string]struct {
		statements []string
		fault      audit.Fault
		seq        int
	}{
		"the first entry removed":           {[]string{"DELETE FROM audit_events WHERE district_id = %[1]d AND seq = 1"}, audit.Missing, 1},
		"the last entry removed":            {[]string{"DELETE FROM audit_events WHERE district_id = %[1]d AND seq = 5"}, audit.CutOff, 5},
		"all entries removed, not the head": {[]string{"DELETE FROM audit_events WHERE district_id = %[1]d"}, audit.CutOff, 1},
		"an entry doubled at the end": {[]string{
			"INSERT INTO audit_events (district_id, seq, " + eventColumns + ") SELECT district_id, 6, " + eventColumns +
				" FROM audit_events WHERE district_id = %[1]d AND seq = 5",
			"UPDATE audit_heads SET seq = 6 WHERE district_id = %[1]d"}, audit.Altered, 6},
		"an entry of another district at the end": {[]string{
			"INSERT INTO audit_events (district_id, seq, " + eventColumns + ") SELECT %[1]d, 6, " + eventColumns +
				" FROM audit_events WHERE district_id = %[2]d AND seq = 1",
			"UPDATE audit_heads SET seq = 6 WHERE district_id = %[1]d"}, audit.Altered, 6},
		"two entries exchanged": {[]string{"UPDATE audit_events SET seq = 99 WHERE district_id = %[1]d AND seq = 2", "UPDATE audit_events SET seq = 2 WHERE district_id = %[1]d AND seq = 4",
			"UPDATE audit_events SET seq = 4 WHERE district_id = %[1]d AND seq = 99"}, audit.Altered, 2},
		"one of two details removed": {[]string{"DELETE FROM audit_details WHERE district_id = %[1]d AND seq = 1 AND position = 2"}, audit.Altered, 1},
		"all details removed":        {[]string{"DELETE FROM audit_details WHERE district_id = %[1]d AND seq = 1"}, audit.Altered, 1},
		"a detail doubled": {[]string{
			"INSERT INTO audit_details (district_id, seq, position, " + detailColumns + ") SELECT district_id, seq, 9, " +
				detailColumns + " FROM audit_details WHERE district_id = %[1]d AND seq = 1 AND position = 1"}, audit.Altered, 1},
		"a detail put where there was none": {[]string{
			"INSERT INTO audit_details (district_id, seq, position, " + detailColumns + ") SELECT district_id, 3, 9, " +
				detailColumns + " FROM audit_details WHERE district_id = %[1]d AND seq = 1 AND position = 1"}, audit.Altered, 3},
		"two details exchanged": {[]string{"UPDATE audit_details SET position = 99 WHERE district_id = %[1]d AND seq = 1 AND position = 1",
			"UPDATE audit_details SET position = 1 WHERE district_id = %[1]d AND seq = 1 AND position = 2",
			"UPDATE audit_details SET position = 2 WHERE district_id = %[1]d AND position = 99"}, audit.Altered, 1},
		"the head removed":               {[]string{"DELETE FROM audit_heads WHERE district_id = %[1]d"}, audit.Altered, 5},
		"the head of another entry":      {[]string{"UPDATE audit_heads SET seq = 4 WHERE district_id = %[1]d"}, audit.Altered, 5},
		"the hash of another head":       {[]string{"UPDATE audit_heads SET hash = 'x' WHERE district_id = %[1]d"}, audit.Altered, 5},
		"a chain that has only its head": {[]string{"DELETE FROM audit_events WHERE district_id = %[1]d", "DELETE FROM audit_details WHERE district_id = %[1]d"}, audit.CutOff, 1},
	}
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		tamper(t, d)
		district := 1000
		for name, test := range cases {
			district += 2
			t.Run(name, func(t *testing.T) {
				for i := range 5 {
					e := updated(district, 0, i+1, "before", "after")
					e.Others = []audit.Detail{{Subject: audit.On(globalid.Group, 1), Changes: e.Changes}}
					record(fixture.System(), t, d, e)
				}
				record(fixture.System(), t, d, updated(district+1, 0, 1, "before", "after"))
				for _, s := range test.statements {
					if _, err := d.Client(context.Background()).
						ExecContext(context.Background(), fmt.Sprintf(s+"%[3]s", district, district+1, "")); err != nil {
						t.Fatalf("%s: %v", s, err)
					}
				}
				if v := verify(t, d, district, ""); v.Damage == nil || v.Damage.Fault != test.fault || v.Damage.Seq != test.seq {
					t.Errorf("%+v; want %s at %d", v.Damage, test.fault, test.seq)
				}
			})
		}
	})
}

// TestVerifyNoticesAnEntryThatWasReplaced is about somebody who knows how the hash is
// computed: the entry itself is consistent, but the next one follows another entry.
func TestVerifyNoticesAnEntryThatWasReplaced(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		for i := range 3 {
			record(fixture.System(), t, d, updated(w.Alpha.ID, w.North.ID, i+1, "before", "after"))
		}
		e := d.Client(context.Background()).AuditEvent.Query().Where(auditevent.DistrictID(w.Alpha.ID), auditevent.Seq(2)).
			OnlyX(fixture.System())
		e.ActorID = 99
		tamper(t, d, fmt.Sprintf("UPDATE audit_events SET actor_id = 99, hash = '%s' WHERE id = %d", audit.Link(e), e.ID))
		if v := verify(t, d, w.Alpha.ID, ""); v.Damage == nil || v.Damage.Fault != audit.Altered || v.Damage.Seq != 3 {
			t.Errorf("%+v; want it at 3", v.Damage)
		}
		// The next entry is changed to follow the new one, and so is no longer what it
		// was.
		if _, err := d.Client(context.Background()).ExecContext(context.Background(),
			"UPDATE audit_events SET prev_hash = ? WHERE district_id = ? AND seq = 3", audit.Link(e), w.Alpha.ID); err != nil {
			t.Fatal(err)
		}
		if v := verify(t, d, w.Alpha.ID, ""); v.Damage == nil || v.Damage.Fault != audit.Altered || v.Damage.Seq != 3 {
			t.Errorf("with a link to it: %+v; want it at 3", v.Damage)
		}
	})
}

// TestVerifyNoticesADetailThatWasReplaced is about somebody who knows how the digests
// are made: detail and digests fit together, and the hash of the entry does not.
func TestVerifyNoticesADetailThatWasReplaced(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		record(fixture.System(), t, d, updated(w.Alpha.ID, w.North.ID, 1, "before", "after"))
		details := d.Client(context.Background()).AuditDetail.Query().Where(auditdetail.DistrictID(w.Alpha.ID)).
			Order(db.Asc(auditdetail.FieldPosition)).AllX(fixture.System())
		one := details[0]
		one.Digest = audit.DigestOf(*one.Salt, "[]")
		tamper(t, d, fmt.Sprintf("UPDATE audit_details SET body = '[]', digest = '%s' WHERE id = %d", one.Digest, one.ID),
			fmt.Sprintf("UPDATE audit_events SET details_digest = '%s' WHERE district_id = %d AND seq = 1",
				audit.DigestAll(details), w.Alpha.ID))
		if v := verify(t, d, w.Alpha.ID, ""); v.Damage == nil || v.Damage.Fault != audit.Altered || v.Damage.Seq != 1 {
			t.Errorf("%+v; want it at 1", v.Damage)
		}
	})
}

// TestNoErasureExplainsWhatItWasNotAbout removes the text of a detail by hand, when there
// are erasures of other people, at other times and at other places.
func TestNoErasureExplainsWhatItWasNotAbout(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		// before and after are recorded before and after the entry whose detail is taken.
		before, after func(district int) audit.Event
		explained     bool
	}{
		"nothing was erased":                         {},
		"the student was erased":                     {after: event(audit.StudentErased, 0, globalid.Student, 7), explained: true},
		"the student had been erased before":         {before: event(audit.StudentErased, 0, globalid.Student, 7)},
		"another student was erased":                 {after: event(audit.StudentErased, 0, globalid.Student, 8)},
		"an educator with the same key was erased":   {after: event(audit.EducatorErased, 0, globalid.Educator, 7)},
		"the student was erased in another district": {after: event(audit.StudentErased, 1, globalid.Student, 7)},
		"the student was moved":                      {after: event(audit.StudentMoved, 0, globalid.Student, 7)},
		"the student was changed":                    {after: event(audit.StudentUpdated, 0, globalid.Student, 7)},
	}
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		tamper(t, d)
		district := 1000
		for name, test := range cases {
			district += 2
			t.Run(name, func(t *testing.T) {
				seq := 1
				if test.before != nil {
					record(fixture.System(), t, d, test.before(district))
					seq++
				}
				record(fixture.System(), t, d, updated(district, 0, 7, "Ada", "Eva"))
				if test.after != nil {
					record(fixture.System(), t, d, test.after(district))
				}
				if _, err := d.Client(context.Background()).ExecContext(context.Background(),
					"UPDATE audit_details SET body = NULL, salt = NULL WHERE district_id = ? AND seq = ?", district, seq); err != nil {
					t.Fatal(err)
				}
				v := verify(t, d, district, "")
				switch {
				case test.explained && (v.Damage != nil || v.Erased != 1):
					t.Errorf("%+v %+v; want it explained", v, v.Damage)
				case !test.explained && (v.Damage == nil || v.Damage.Fault != audit.Unexplained || v.Damage.Seq != seq):
					t.Errorf("%+v; want it unexplained at %d", v.Damage, seq)
				}
			})
		}
	})
}

// event returns an event about a person of a district, or of the district at that
// distance.
func event(a audit.Action, elsewhere int, kind globalid.Type, id int) func(district int) audit.Event {
	return func(district int) audit.Event {
		return audit.Event{Action: a, DistrictID: district + elsewhere, Target: audit.On(kind, id)}
	}
}

// TestVerifyNoticesRowsOfAJobThatMove exchanges two rows of a batch.
func TestVerifyNoticesRowsOfAJobThatMove(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		job := trailOfEveryKind(t, d, w)
		for _, move := range [][2]int{{1, 99}, {2, 1}, {99, 2}} {
			if _, err := d.Client(context.Background()).
				ExecContext(context.Background(), "UPDATE bulk_job_rows SET `row` = ? WHERE job_id = ? AND `row` = ?", move[1], job,
					move[0]); err != nil {
				t.Fatal(err)
			}
		}
		if v := verify(t, d, w.Alpha.ID, ""); v.Damage == nil || v.Damage.Fault != audit.Altered || v.Damage.Seq != 3 {
			t.Errorf("%+v; want it at 3", v.Damage)
		}
	})
}

// TestVerifyNoticesARowWithAnotherNumber gives a row of a batch the number of a row that was
// refused, so that all rows stay in their order.
func TestVerifyNoticesARowWithAnotherNumber(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		job := w.Client().BulkJob.Create().SetDistrictID(w.Alpha.ID).SetOrganizationID(w.North.ID).
			SetSubmittedBy(w.NorthAdmin.ID).SetKind(bulkjob.KindIMPORT_STUDENTS).SaveX(fixture.System())
		var rows audit.Rows
		for _, i := range []int{1, 3, 6} {
			w.Client().BulkJobRow.Create().SetJobID(job.ID).SetRow(i).SetTargetID(10 + i).SetLabel("label").
				SetPlan([]byte("plan")).SetChangeCount(1).SetAppliedVersion(2).SetState(1).ExecX(fixture.System())
			rows.Add(i, 10+i, 2, []byte("plan"), nil)
		}
		record(fixture.System(), t, d, audit.Event{Action: audit.JobRowsApplied, DistrictID: w.Alpha.ID,
			OrganizationID: w.North.ID, Target: audit.On(globalid.BulkJob, job.ID), JobID: job.ID,
			Facts: audit.Facts{"from": 1, "to": 7, "rows": 3, "images": 0, "digest": rows.Digest()}})
		for _, c := range []struct {
			from, to int
			fault    audit.Fault
		}{{3, 4, audit.Altered}, {4, 3, ""}, {1, 2, audit.Altered}, {2, 1, ""}, {6, 7, audit.Altered}, {7, 6, ""}} {
			if _, err := d.Client(context.Background()).ExecContext(context.Background(),
				"UPDATE bulk_job_rows SET `row` = ? WHERE job_id = ? AND `row` = ?", c.to, job.ID, c.from); err != nil {
				t.Fatal(err)
			}
			switch v := verify(t, d, w.Alpha.ID, ""); {
			case c.fault == "" && (v.Damage != nil || v.Batches != 1):
				t.Errorf("row %d is %d again: %+v %+v", c.from, c.to, v, v.Damage)
			case c.fault != "" && (v.Damage == nil || v.Damage.Fault != c.fault):
				t.Errorf("row %d has the number %d: %+v; want it %s", c.from, c.to, v.Damage, c.fault)
			}
		}
	})
}

// TestAnErasureExplainsNoRowsThatAreNamed changes the rows of a job, and then somebody is
// erased. The rows still say whom they are about, so the erasure does not explain the
// change.
func TestAnErasureExplainsNoRowsThatAreNamed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		job := trailOfEveryKind(t, d, w)
		if _, err := d.Client(context.Background()).
			ExecContext(context.Background(), "UPDATE bulk_job_rows SET applied_version = 9 WHERE job_id = ?", job); err != nil {
			t.Fatal(err)
		}
		if v := verify(t, d, w.Alpha.ID, ""); v.Damage == nil || v.Damage.Fault != audit.Altered || v.Damage.Seq != 3 {
			t.Errorf("%+v; want it at 3", v.Damage)
		}
	})
}

// TestAnErasureTakesNothingOfOthers erases a student; an educator and a group have the
// same key, and so has a student in another district.
func TestAnErasureTakesNothingOfOthers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		e := updated(w.Alpha.ID, w.North.ID, 3, "Ada", "Eva")
		for _, other := range []audit.Subject{audit.On(globalid.Educator, 3), audit.On(globalid.Group, 3),
			audit.On(globalid.Student, 4)} {
			e.Others = append(e.Others, audit.Detail{Subject: other, Changes: e.Changes})
		}
		record(fixture.System(), t, d, e)
		record(fixture.System(), t, d, updated(w.Beta.ID, w.East.ID, 3, "Ada", "Eva"))
		erase(t, d, w, 3)
		for _, detail := range d.Client(context.Background()).AuditDetail.Query().Where(auditdetail.BodyNotNil()).
			AllX(fixture.System()) {
			if detail.DistrictID == w.Alpha.ID && detail.SubjectID == 3 && detail.SubjectType == string(globalid.Student) &&
				detail.Seq == 1 {
				t.Errorf("the student's is left: %v", detail)
			}
		}
		if n := d.Client(context.Background()).AuditDetail.Query().Where(auditdetail.BodyIsNil()).
			CountX(fixture.System()); n != 1 {
			t.Errorf("%d details were erased; want 1", n)
		}
		if v := verify(t, d, w.Alpha.ID, ""); v.Damage != nil || v.Erased != 1 {
			t.Errorf("%+v %+v", v, v.Damage)
		}
	})
}

// TestNobodyGuessesADigest: the same text has two digests if it is stored twice, and their
// salts are removed together with the texts.
func TestNobodyGuessesADigest(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		for range 2 {
			record(fixture.System(), t, d, updated(w.Alpha.ID, w.North.ID, 3, "Ada", "Eva"))
		}
		two := d.Client(context.Background()).AuditDetail.Query().Order(db.Asc(auditdetail.FieldSeq)).AllX(fixture.System())
		if *two[0].Body != *two[1].Body || two[0].Digest == two[1].Digest || *two[0].Salt == *two[1].Salt ||
			len(*two[0].Salt) != 32 {
			t.Errorf("the digests of one text are %s and %s", two[0].Digest, two[1].Digest)
		}
	})
}

// TestWhereAnActorBelongs: to the one school of the roles, otherwise to the district.
func TestWhereAnActorBelongs(t *testing.T) {
	t.Parallel()
	const district, north, south = 1, 2, 3
	at := func(role viewer.Role, ids ...int) (list []viewer.Assignment) {
		for _, id := range ids {
			list = append(list, viewer.Assignment{Role: role, OrganizationID: id, DistrictID: district})
		}
		return list
	}
	for name, test := range map[string]struct {
		roles []viewer.Assignment
		want  int
	}{
		"nobody":                     {nil, district},
		"a teacher of a school":      {at(viewer.Teacher, north), north},
		"two roles at one school":    {at(viewer.Teacher, north, north), north},
		"a teacher of two schools":   {at(viewer.Teacher, north, south), district},
		"a return to the first":      {at(viewer.Teacher, north, south, north), district},
		"a district's administrator": {at(viewer.DistrictAdmin, district), district},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := audit.ActorOfViewer(&viewer.Viewer{EducatorID: 9, DistrictID: district, Assignments: test.roles})
			if a.OrganizationID != test.want || a.DistrictID != district || a.ID != 9 {
				t.Errorf("%+v; want it at %d", a, test.want)
			}
		})
	}
}
