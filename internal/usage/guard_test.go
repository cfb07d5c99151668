package usage_test

import (
	"testing"

	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/grade"
	"github.com/openhomeroom/homeroom/internal/usage"
)

// TestWhoRecordsWhoseUsage is about callers and students of all kinds.
func TestWhoRecordsWhoseUsage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, s := fixture.New(t, d), service(d)
		here, gone := w.Student(t, w.North, "He", "Re", 0, w.Algebra), w.Student(t, w.North, "Go", "Ne", 0)
		gone.Update().SetDeletedAt(fixture.Today).ExecX(fixture.System())
		started := fixture.Today
		accepted, _ := mustRecord(t, w.As(t, w.DistrictAdmin), s, w.Alpha.ID, event("one", here, "reading", started, 90))
		if accepted != 1 {
			t.Errorf("%d were accepted", accepted)
		}
		e := w.Client().AuditEvent.Query().Where(auditevent.Action(string(audit.UsageRecorded))).OnlyX(fixture.System())
		if e.OrganizationID != w.Alpha.ID || e.Facts != `{"accepted":1,"duplicates":0,"students":1}` {
			t.Errorf("the entry is %+v", e)
		}
		for name, at := range map[string]int{"a school": w.North.ID, "a district": w.Alpha.ID} {
			_, _, problems, err := s.Record(w.As(t, w.DistrictAdmin), at, []usage.Event{event("two", gone, "reading", started,
				90)})
			if err != nil {
				t.Fatal(name, err)
			}
			wantProblem(t, problems, usage.UnknownStudent, "events.0.studentExternalId")
		}
		_, _, _, err := s.Record(w.As(t, w.NorthTeacher), w.North.ID, []usage.Event{event("three", here, "reading", started,
			90)})
		wantKind(t, err, fault.Forbidden)
		_, _, _, err = s.Record(w.As(t, w.SouthAdmin), w.North.ID, []usage.Event{event("four", here, "reading", started, 90)})
		wantKind(t, err, fault.NotFound)
	})
}

// TestWhatAReportIsAbout asks for one day, as the operator, and for one grade.
func TestWhatAReportIsAbout(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, s := fixture.New(t, d), service(d)
		st := w.Student(t, w.North, "On", "Ce", 0)
		mustRecord(t, w.As(t, w.NorthAdmin), s, w.North.ID, event("one", st, "reading", at(t, "2026-11-10T12:00:00Z"), 90))
		for first, want := range map[string]int{"2026-11-09": 0, "2026-11-10": 90, "2026-11-11": 0} {
			one := day(t, first)
			r, err := s.Report(fixture.System(), w.Alpha.ID, usage.Custom, &one, &one, nil, nil)
			if err != nil || r.Totals.Seconds != want {
				t.Fatalf("%s: %+v, %v; want %d seconds", first, r, err, want)
			}
			for _, row := range r.Rows {
				if row.Organization != nil && row.Organization.DistrictID != w.Alpha.ID {
					t.Errorf("%s is in the report of another district", row.Organization.Name)
				}
			}
		}
		today := day(t, "2026-11-18")
		from := today - 399
		if _, err := s.Report(fixture.System(), w.Alpha.ID, usage.Custom, &from, &today, nil, nil); err != nil {
			t.Errorf("400 days: %v", err)
		}
		from--
		_, err := s.Report(fixture.System(), w.Alpha.ID, usage.Custom, &from, &today, nil, nil)
		wantKind(t, err, fault.Invalid)
		from = today + 1
		_, err = s.Report(fixture.System(), w.Alpha.ID, usage.Custom, &from, &today, nil, nil)
		wantKind(t, err, fault.Invalid)

		product := w.Client().Product.Query().OnlyX(fixture.System())
		w.Client().UsageTotal.Create().SetDistrictID(w.Alpha.ID).SetOrganizationID(w.North.ID).SetProductID(product.ID).
			SetWeekEnding(today.WeekEnding()).SetSeconds(70).ExecX(fixture.System())
		admin := w.As(t, w.NorthAdmin)
		for name, c := range map[string]struct {
			grades []grade.Grade
			want   bool
		}{"all grades": {nil, true}, "one grade": {[]grade.Grade{7}, false}} {
			r, err := s.Report(admin, w.North.ID, usage.ThisWeek, nil, nil, c.grades, nil)
			if err != nil {
				t.Fatal(err)
			}
			erased, err := s.ErasedSeconds(admin, r)
			if err != nil || (erased != nil) != c.want || erased != nil && *erased != 70 {
				t.Errorf("what erased students of %s used: %v, %v", name, erased, err)
			}
		}
		teacher := w.As(t, w.NorthTeacher)
		r, err := s.Report(teacher, w.North.ID, usage.ThisWeek, nil, nil, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if erased, err := s.ErasedSeconds(teacher, r); err != nil || erased != nil {
			t.Errorf("a teacher is told what erased students used: %v, %v", erased, err)
		}
	})
}
