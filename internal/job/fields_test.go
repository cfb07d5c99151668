package job_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	entEducator "github.com/openhomeroom/homeroom/ent/db/educator"
	entGroup "github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/export"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/job/catalog"
	"github.com/openhomeroom/homeroom/internal/job/educator"
	"github.com/openhomeroom/homeroom/internal/job/school"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// notInFiles are the columns of tables that no file and no form holds as a field, each
// with the reason.
var notInFiles = map[string]map[string]string{
	"students": {
		"id": "the key", "created_at": "set once", "district_id": "that of the school", "synced": "set by the information system", "version": "counts changes",
		"group_count": "counted", "ungrouped": "counted", "seconds_this_year": "counted", "active": "counted", "last_active_at": "counted",
		"deleted_at": "set by a deletion", "returned_at": "set by its end", "gone_at": "set by its end", "moved_at": "set by a move",
	},
	"groups": {
		"id": "the key", "created_at": "set once", "district_id": "that of the school", "organization_id": "a group stays at its school",
		"synced": "set by the information system", "student_count": "counted", "version": "counts changes",
	},
	"educators": {
		"id": "the key", "created_at": "set once", "district_id": "set once", "disabled": "set by an administrator, one by one", "service": "set for programs",
	},
	"organizations": {
		"id": "the key", "created_at": "set once", "type": "files make schools alone", "district_id": "that of the file", "parent_id": "the district",
		"usage_counted_from":   "follows from the school year",
		"retention_changed_at": "set with the setting", "erased_students": "counted",
		"school_year_starts_on": setting, "school_year_ends_on": setting, "usage_goal_minutes": setting, "time_zone": setting,
		"password_min_length": setting, "password_required": setting, "hold_deleted_percent": setting, "hold_changed_percent": setting,
		"retention_days": setting, "job_days": setting, "second_factor_required": setting, "pending_settings": setting,
	},
}

const setting = "a setting, changed one by one"

// TestEveryColumnIsAField fails for a column of a table until somebody has decided whether
// files and forms hold it.
func TestEveryColumnIsAField(t *testing.T) {
	t.Parallel()
	check := func(table string, columns, fields []string, where string) {
		for _, c := range columns {
			inTable, reason := slices.Contains(fields, c), notInFiles[table][c]
			switch {
			case !inTable && reason == "":
				t.Errorf("%s.%s is not in %s: add the field there, or say in notInFiles why no file and no form holds it",
					table, c, where)
			case inTable && reason != "":
				t.Errorf("%s.%s is in %s and in notInFiles", table, c, where)
			}
		}
		for _, c := range fields {
			if !slices.Contains(columns, c) {
				t.Errorf("%s has a field %s, and %s no such column", where, c, table)
			}
		}
	}
	check("students", student.Columns, roster.StudentFields.DB(), "roster.StudentFields")
	check("groups", entGroup.Columns, roster.GroupFields.DB(), "roster.GroupFields")
	check("educators", entEducator.Columns, educator.Fields.DB(), "educator.Fields")
	check("organizations", organization.Columns, school.Fields.DB(), "school.Fields")
}

// TestEveryFieldIsWhole fails for a field that says too little for the loops that go over it.
func TestEveryFieldIsWhole(t *testing.T) {
	t.Parallel()
	whole(t, "roster.StudentFields", roster.StudentFields, new(db.Student), bulkjob.KindIMPORT_STUDENTS)
	whole(t, "roster.GroupFields", roster.GroupFields, new(db.Group), bulkjob.KindIMPORT_GROUPS)
	whole(t, "educator.Fields", educator.Fields, new(db.Educator), bulkjob.KindIMPORT_EDUCATORS)
	whole(t, "school.Fields", school.Fields, new(db.Organization), bulkjob.KindIMPORT_ORGANIZATIONS)
}

func whole[T any](t *testing.T, where string, fields field.Table[T], thing *T, kind bulkjob.Kind) {
	t.Helper()
	template, err := catalog.NewTemplate(kind, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fields {
		name := where + ": " + f.File.Name + f.DB
		if f.DB != "" && f.At == nil && f.Get == nil {
			t.Errorf("%s has no At and no Get, so nobody knows its value", name)
			continue
		}
		if f.DB != "" {
			_ = f.Value(thing)
		}
		if f.File.Name != "" && !f.File.Exported && !slices.Contains(template.Header(), f.File.Name) {
			t.Errorf("%s is not in the template", name)
		}
		if f.File.Name != "" && f.File.Help == "" {
			t.Errorf("%s has no Help", name)
		}
		if !f.IsValue() {
			continue
		}
		if f.API == "" || f.DB == "" || f.Is == "" || f.File.Name == "" || f.Hint == "" {
			t.Errorf("%s is written by people, and lacks an API, DB, Is, Hint or the column of files", name)
		}
		if f.At == nil && where == "roster.StudentFields" && f.Put == nil {
			t.Errorf("%s has no Put, so that the check of a file cannot read it", name)
		}
	}
}

// samples are two values that a field of a student may have. Any text will do for most.
func samples(f *field.Field[db.Student]) (one, two string) {
	if f.DB == student.FieldGrade {
		return "3", "K"
	}
	return f.API + " one", f.API + " two"
}

// TestEveryFieldOfAStudentGoesThroughFiles creates, changes, empties, shows, exports and
// puts back each field of a student by files.
func TestEveryFieldOfAStudentGoesThroughFiles(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		values := roster.StudentFields.Values()
		file := func(id string, cell func(*field.Field[db.Student]) string) string {
			header, line := field.ColDatabaseID, id
			for _, f := range values {
				header, line = header+","+f.File.Name, line+","+cell(f)
			}
			return header + "\n" + line + "\n"
		}
		first := func(f *field.Field[db.Student]) string { one, _ := samples(f); return one }
		second := func(f *field.Field[db.Student]) string { _, two := samples(f); return two }

		created := b.imported(b.NorthAdmin, b.North, students, file("", first))
		b.want(created, completed, 1, 0, 0, 0)
		key := b.Client().Student.Query().Where(student.DistrictID(b.Alpha.ID)).Order(db.Desc(student.FieldID)).
			FirstIDX(fixture.System())
		hold := func(when string, want func(*field.Field[db.Student]) string) {
			t.Helper()
			st := b.Client().Student.GetX(fixture.System(), key)
			cells := export.NewStudentRow(st, "", nil).Cells()
			for _, f := range values {
				if got := f.Text(st); got != want(f) {
					t.Errorf("%s, %s is %q; want %q", when, f.DB, got, want(f))
				}
				if got := cells[slices.Index(export.StudentColumns, f.File.Name)]; got != want(f) {
					t.Errorf("%s, an export says %q of %s; want %q", when, got, f.File.Name, want(f))
				}
			}
			for _, f := range roster.StudentFields {
				if f.Made == nil {
					continue
				}
				made := f.Made(func(column string) string {
					return values[slices.IndexFunc(values, func(v *field.Field[db.Student]) bool { return v.DB == column })].Text(st)
				})
				if got := *f.At(st); got != made {
					t.Errorf("%s, %s is %q; want %q", when, f.DB, got, made)
				}
			}
		}
		hold("created by a file", first)

		id := globalid.Encode(globalid.Student, key)
		b.want(b.verified(b.NorthAdmin, b.North, students, file(id, first)), ready, 0, 0, 1, 0)
		changed := b.verified(b.NorthAdmin, b.North, students, file(id, second))
		shown := strings.Join(b.changes(b.NorthAdmin, changed), "\n") + "\n"
		for _, f := range values {
			if change := f.File.Name + ": " + first(f) + " → " + second(f) + "\n"; !strings.Contains(shown, change) {
				t.Errorf("the preview does not show %q:\n%s", change, shown)
			}
		}
		changed = b.applied(b.NorthAdmin, changed)
		b.want(changed, completed, 0, 1, 0, 0)
		hold("changed by a file", second)
		b.undone(b.NorthAdmin, changed, undone, 1, 0)
		hold("put back", first)

		for _, f := range values {
			job := b.verified(b.NorthAdmin, b.North, students, "Database ID,"+f.File.Name+"\n"+id+","+second(f)+"\n")
			job = b.applied(b.NorthAdmin, job)
			hold("changed alone", func(other *field.Field[db.Student]) string {
				if other.DB == f.DB {
					return second(f)
				}
				return first(other)
			})
			b.undone(b.NorthAdmin, job, undone, 1, 0)
			hold("put back alone", first)
		}

		for _, f := range values {
			job := b.verified(b.NorthAdmin, b.North, students, "Database ID,"+f.File.Name+"\n"+id+",[clear]\n")
			if !f.Clears() {
				if problems := b.problems(job); !strings.Contains(problems, "CANNOT_CLEAR") {
					t.Errorf("[clear] in %s: %s", f.File.Name, problems)
				}
				continue
			}
			job = b.applied(b.NorthAdmin, job)
			if got := f.Text(b.Client().Student.GetX(fixture.System(), key)); got != "" {
				t.Errorf("emptied by a file, %s is %q", f.DB, got)
			}
			b.undone(b.NorthAdmin, job, undone, 1, 0)
			hold("put back after it was emptied", first)
		}
	})
}
