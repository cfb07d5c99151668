package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/privacy"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/testlog"
)

// TestEveryFieldOfAStudentGoesThroughTheAPI creates a student with all fields, changes
// all of them, and reads them back: from the student, the audit trail, the record, and
// the list of deleted students. A field that the schema, an input or a conversion has forgotten is named.
func TestEveryFieldOfAStudentGoesThroughTheAPI(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		values := roster.StudentFields.Values()
		var names []string
		for _, f := range values {
			names = append(names, f.API)
		}
		fields := "id " + strings.Join(names, " ")
		input := func(n int) map[string]any {
			in := map[string]any{}
			for _, f := range values {
				in[f.API] = sampleOf(f, n)
			}
			return in
		}
		hold := func(where string, got map[string]any, n int) {
			t.Helper()
			for _, f := range values {
				if got[f.API] != sampleOf(f, n) {
					t.Errorf("%s: %s is %v; want %q", where, f.API, got[f.API], sampleOf(f, n))
				}
			}
		}

		in, north := input(1), globalid.Encode(globalid.Organization, s.North.ID)
		in["organizationId"] = north
		const create = "mutation ($in: CreateStudentInput!) { createStudent(input: $in) { userErrors { message } student { "
		a := s.ask(t, s.NorthAdmin, create+fields+" } } }", map[string]any{"in": in})
		st, created := a.at("createStudent.student").(map[string]any)
		if !created {
			t.Fatalf("CreateStudentInput, or Student, lacks a field of roster.StudentFields: %+v", a)
		}
		hold("created by createStudent (graph/student.go, toStudent)", st, 1)

		const update = "mutation ($in: UpdateStudentInput!) { updateStudent(input: $in) { userErrors { message } student { "
		for _, f := range values {
			if !f.Optional {
				continue
			}
			a = s.ask(t, s.NorthAdmin, update+fields+" } } }", map[string]any{"in": map[string]any{"id": st["id"], f.API: ""}})
			if got := a.at("updateStudent.student." + f.API); got != "" && got != nil {
				t.Errorf("emptied by updateStudent, %s is %q", f.API, got)
			}
		}
		in = input(2)
		in["id"] = st["id"]
		a = s.ask(t, s.NorthAdmin, update+fields+" } } }", map[string]any{"in": in})
		st, changed := a.at("updateStudent.student").(map[string]any)
		if !changed {
			t.Fatalf("UpdateStudentInput lacks a field of roster.StudentFields: %+v", a)
		}
		hold("changed by updateStudent (graph/student.go)", st, 2)

		a = s.ask(t, s.DistrictAdmin,
			fmt.Sprintf(`{ auditEvents(filter: {actions: [STUDENT_UPDATED], subjectId: %q}) { nodes {
			subjects { changes { field after } } } } }`, st["id"]), nil)
		recorded := map[string]any{}
		list, _ := a.at("auditEvents.nodes.0.subjects.0.changes").([]any)
		for _, c := range list {
			change := c.(map[string]any)
			recorded[change["field"].(string)] = change["after"]
		}
		hold("the audit trail", recorded, 2)

		key, _ := globalid.Key(globalid.Student, st["id"].(string))
		var out bytes.Buffer
		records := privacy.New(d, privacy.Options{Importer: s.importer, Now: clock, Log: testlog.New(t)})
		if err := records.Record(s.As(t, s.NorthAdmin), &out, key); err != nil {
			t.Fatal(err)
		}
		var record struct{ Student map[string]any }
		if err := json.Unmarshal(out.Bytes(), &record); err != nil {
			t.Fatal(err)
		}
		hold("the record of the student", record.Student, 2)

		s.ask(t, s.NorthAdmin,
			fmt.Sprintf(`mutation { deleteStudents(input: {studentIds: [%q]}) { userErrors { message } } }`, st["id"]), nil)
		a = s.ask(t, s.NorthAdmin,
			fmt.Sprintf(`{ deletedStudents(organizationId: %q) { nodes { %s } } }`, north, fields), nil)
		deleted, found := a.at("deletedStudents.nodes.0").(map[string]any)
		if !found {
			t.Fatalf("DeletedStudent lacks a field of roster.StudentFields: %+v", a)
		}
		hold("a deleted student (graph/deleted_student.go)", deleted, 2)
	})
}

// sampleOf is a value that a field of a student may have.
func sampleOf(f *field.Field[db.Student], n int) string {
	if f.DB == student.FieldGrade {
		return fmt.Sprint(n + 3)
	}
	return fmt.Sprintf("%s %d", f.API, n)
}
