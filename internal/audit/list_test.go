package audit_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/page"
	"github.com/openhomeroom/homeroom/internal/testlog"
)

// TestEachFilterOfEntries tries each part of a filter alone, as everybody who may list.
func TestEachFilterOfEntries(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		s := audit.New(d, func() time.Time { return fixture.Today }, testlog.New(t))
		entry := func(district, school int, code string, change func(e *audit.Event)) {
			e := audit.Event{Action: audit.SignInRefused, Code: code, DistrictID: district, OrganizationID: school,
				Actor: &audit.Actor{Kind: audit.Server}}
			change(&e)
			record(fixture.System(), t, d, e)
		}
		plain := func(*audit.Event) {}
		student := func(e *audit.Event) { e.Target = audit.On(globalid.Student, 3) }
		entry(w.Alpha.ID, w.Alpha.ID, "district", plain)
		entry(w.Alpha.ID, w.North.ID, "north", plain)
		entry(w.Alpha.ID, w.South.ID, "south", student)
		entry(w.Alpha.ID, w.Alpha.ID, "educator", func(e *audit.Event) {
			e.Actor = &audit.Actor{Kind: audit.Educator,
				ID: 5}
		})
		entry(w.Alpha.ID, w.Alpha.ID, "key", func(e *audit.Event) { e.Actor = &audit.Actor{Kind: audit.ServiceKey, ID: 5} })
		entry(w.Alpha.ID, w.Alpha.ID, "group", func(e *audit.Event) { e.Target = audit.On(globalid.Group, 3) })
		entry(w.Alpha.ID, w.Alpha.ID, "job", func(e *audit.Event) { e.JobID, e.Action = 8, audit.JobStarted })
		for range 3 {
			entry(w.Beta.ID, w.East.ID, "beta", plain)
		}
		entry(w.Beta.ID, w.East.ID, "beta's fourth", student) // at the place that an educator's has in the chain of Alpha
		entry(0, 0, "of no district", plain)

		all := d.Client(context.Background()).AuditEvent.Query().AllX(fixture.System())
		at := all[0].CreatedAt.Add(-time.Hour)
		tamper(t, d)
		for i, e := range all { // a minute apart
			moment := at.Add(time.Duration(i) * time.Minute)
			if _, err := d.Client(context.Background()).ExecContext(context.Background(),
				"UPDATE audit_events SET created_at = ? WHERE id = ?", moment.UTC(), e.ID); err != nil {
				t.Fatal(err)
			}
		}
		minute := func(n int) *time.Time { at := at.Add(time.Duration(n) * time.Minute); return &at }
		ofAlpha := "district north south educator key group job"
		actor := func(kind globalid.Type) *audit.Subject { one := audit.On(kind, 5); return &one }
		about := func(kind globalid.Type) *audit.Subject { one := audit.On(kind, 3); return &one }
		for name, q := range map[string]struct {
			by   *db.Educator
			at   int
			f    audit.Filter
			want string
		}{
			"of a district":       {w.DistrictAdmin, w.Alpha.ID, audit.Filter{}, ofAlpha},
			"of all that is seen": {w.DistrictAdmin, 0, audit.Filter{}, ofAlpha},
			"of all that the operator sees": {nil, 0, audit.Filter{}, ofAlpha +
				" beta beta beta beta's fourth of no district"},
			"of a school":                        {w.DistrictAdmin, w.North.ID, audit.Filter{}, "north"},
			"of a school, by its administrator":  {w.NorthAdmin, w.North.ID, audit.Filter{}, "north"},
			"of all that the administrator sees": {w.NorthAdmin, 0, audit.Filter{}, "north"},
			"of another action": {w.DistrictAdmin, w.Alpha.ID,
				audit.Filter{Actions: []audit.Action{audit.JobStarted}}, "job"},
			"of two actions": {w.DistrictAdmin, w.South.ID,
				audit.Filter{Actions: []audit.Action{audit.JobStarted, audit.SignInRefused}}, "south"},
			"by an educator": {w.DistrictAdmin, w.Alpha.ID,
				audit.Filter{Actor: actor(globalid.Educator)}, "educator"},
			"by a program": {w.DistrictAdmin, w.Alpha.ID,
				audit.Filter{Actor: actor(globalid.ServiceKey)}, "key"},
			"by what is no actor": {w.DistrictAdmin, w.Alpha.ID, audit.Filter{Actor: actor(globalid.Student)},
				""},
			"by a sort of actor": {w.DistrictAdmin, w.Alpha.ID, audit.Filter{ActorKind: audit.ServiceKey},
				"key"},
			"of a job": {w.DistrictAdmin, w.Alpha.ID, audit.Filter{JobID: 8}, "job"},
			"about a student": {w.DistrictAdmin, w.Alpha.ID, audit.Filter{About: about(globalid.Student)},
				"south"},
			"about a group of the same number": {w.DistrictAdmin, w.Alpha.ID, audit.Filter{About: about(globalid.Group)},
				"group"},
			"about somebody, of all districts": {nil, 0, audit.Filter{About: about(globalid.Student)},
				"south beta's fourth"},
			"from a moment on": {w.DistrictAdmin, w.Alpha.ID, audit.Filter{From: minute(5)}, "group job"},
			"before a moment":  {w.DistrictAdmin, w.Alpha.ID, audit.Filter{To: minute(2)}, "district north"},
			"between, of which the last is before": {w.DistrictAdmin, w.Alpha.ID, audit.Filter{From: minute(1), To: minute(3)},
				"north south"},
		} {
			ctx := fixture.System()
			if q.by != nil {
				ctx = w.As(t, q.by)
			}
			list, err := s.Events(ctx, q.at, q.f)
			if err != nil {
				t.Errorf("entries %s: %v", name, err)
				continue
			}
			p, err := list.Page(ctx, page.Args{})
			if err != nil {
				t.Fatal(name, err)
			}
			var got []string
			for _, e := range slices.Backward(p.Items) {
				got = append(got, e.Code)
			}
			if n, err := list.Count(ctx); strings.Join(got, " ") != q.want || n != len(got) || err != nil {
				t.Errorf("entries %s: %q, counted %d (%v); want %q", name, got, n, err, q.want)
			}
		}
		for name, q := range map[string]struct {
			by   *db.Educator
			at   int
			want fault.Kind
		}{
			"a teacher all":                     {w.NorthTeacher, 0, fault.Forbidden},
			"a teacher the own school":          {w.NorthTeacher, w.North.ID, fault.Forbidden},
			"a teacher another school":          {w.NorthTeacher, w.South.ID, fault.NotFound},
			"an administrator another school":   {w.NorthAdmin, w.South.ID, fault.NotFound},
			"an administrator another district": {w.DistrictAdmin, w.Beta.ID, fault.NotFound},
		} {
			if _, err := s.Events(w.As(t, q.by), q.at, audit.Filter{}); fault.KindOf(err) != q.want {
				t.Errorf("%s lists: %v; want %v", name, err, q.want)
			}
		}
	})
}

// TestTheFileHoldsTheWholeList writes more entries than a page has.
func TestTheFileHoldsTheWholeList(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		ctx := w.As(t, w.DistrictAdmin)
		s := audit.New(d, func() time.Time { return fixture.Today }, testlog.New(t))
		record(ctx, t, d, updated(w.Alpha.ID, w.North.ID, 3, "Ada", "Eva"))
		key := audit.Event{Action: audit.SignInRefused, DistrictID: w.Alpha.ID,
			Actor: &audit.Actor{Kind: audit.ServiceKey, ID: 5}}
		record(ctx, t, d, key)
		record(fixture.System(), t, d, updated(w.Beta.ID, w.East.ID, 3, "Bea", "Bee")) // the first of its chain as well
		erase(t, d, w, 3)
		record(ctx, t, d, updated(w.Alpha.ID, w.North.ID, 4, "Ida", "Ina"))
		if err := s.Write(ctx, audit.Event{Action: audit.StudentsRead, DistrictID: w.Alpha.ID}, page.Max); err != nil {
			t.Fatal(err)
		}
		list, err := s.Events(ctx, w.Alpha.ID, audit.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		n, err := list.CSV(ctx, &b)
		if err != nil || n != page.Max+4 {
			t.Fatalf("%d entries, %v; want %d", n, err, page.Max+4)
		}
		lines, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(b.Bytes(), []byte("\ufeff")))).ReadAll()
		if err != nil || len(lines) != n+1 {
			t.Fatalf("%d lines, %v", len(lines), err)
		}
		column := func(line []string, name string) string { return line[slices.Index(lines[0], name)] }
		seen := map[string]bool{}
		for _, line := range lines[1:] {
			seen[column(line, "Sequence")] = true
		}
		if len(seen) != n {
			t.Errorf("%d different entries of %d", len(seen), n)
		}
		oldest := lines[len(lines)-4:]
		student := globalid.Encode(globalid.Student, 3)
		for what, c := range map[string][2]string{
			"the changes of a student": {column(oldest[0], "Changes"), globalid.Encode(globalid.Student, 4) +
				" firstName: Ida → Ina"},
			"what was erased":          {column(oldest[3], "Changes"), student + ": erased"},
			"a program":                {column(oldest[2], "Actor"), globalid.Encode(globalid.ServiceKey, 5)},
			"a person":                 {column(oldest[3], "Actor"), globalid.Encode(globalid.Educator, w.DistrictAdmin.ID)},
			"the reason of the server": {column(oldest[1], "Actor"), "test fixture"},
		} {
			if c[0] != c[1] {
				t.Errorf("%s is %q, want %q", what, c[0], c[1])
			}
		}
		t.Run("what is told of an entry is its own", func(t *testing.T) {
			told, err := s.Details(ctx, events(t, d, w.Alpha.ID)[:1])
			if err != nil || len(told) != 1 {
				t.Fatalf("%v, %v", told, err)
			}
			for _, of := range told {
				if len(of) != 1 || !of[0].Erased || of[0].Changes != nil {
					t.Errorf("%+v", of)
				}
			}
			told, _ = s.Details(ctx, events(t, d, w.Beta.ID))
			for _, of := range told {
				if len(of) != 1 || of[0].Erased || fmt.Sprint(*of[0].Changes[0].After) != "Bee" {
					t.Errorf("%+v", of)
				}
			}
		})
	})
}
