package graph_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// TestReadsThroughAnyOperation asks for students below the answer of a mutation or a
// subscription. In a query, that would leave an entry.
func TestReadsThroughAnyOperation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		ada := s.Student(t, s.North, "Ada", "Byron", 0, s.Algebra)
		a := s.upload(t, s.NorthAdmin, s.names(nil).Replace(`mutation ($file: Upload!) {
			submitBulkImport(input: {organizationId: "{{North}}", kind: IMPORT_STUDENTS, file: $file}) { job { id } userErrors { code } } }`),
			"students.csv", "Student ID,First Name,Last Name,Username,Grade\nQ1,Quin,Quill,quin,99\n")
		job, _ := a.at("submitBulkImport.job.id").(string)
		if job == "" {
			t.Fatalf("%+v", a)
		}
		if err := s.importer.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		read := func(t *testing.T, name string, want audit.Action, students int) {
			t.Helper()
			for _, e := range s.entriesOf(t, name) {
				if e.Action == string(want) && e.ActorID == s.NorthAdmin.ID && e.DistrictID == s.Alpha.ID {
					return
				}
			}
			t.Errorf("%s recorded %v; want %s by who reads %d students", name, s.actionsOf(t, name), want, students)
		}
		t.Run("the students of a group, behind a mutation that changes nothing", func(t *testing.T) {
			a := s.ask(t, s.NorthAdmin, s.names(nil).
				Replace(fmt.Sprintf(`mutation Peek { assignStudentsToGroups(input: {studentIds: [%q], groupIds: ["{{Algebra}}"]}) {
				groups { students { nodes { firstName } } } } }`, studentID(ada))), nil)
			if a.at("assignStudentsToGroups.groups.0.students.nodes.0.firstName") != "Ada" {
				t.Fatalf("%+v", a)
			}
			read(t, "Peek", audit.StudentsRead, 1)
		})
		t.Run("the students themselves, where nothing changes", func(t *testing.T) {
			a := s.ask(t, s.NorthAdmin, s.names(nil).
				Replace(fmt.Sprintf(`mutation Same { assignStudentsToGroups(input: {studentIds: [%q], groupIds: ["{{Algebra}}"]}) {
				students { firstName } } }`, studentID(ada))), nil)
			if a.at("assignStudentsToGroups.students.0.firstName") != "Ada" {
				t.Fatalf("%+v", a)
			}
			read(t, "Same", audit.StudentsRead, 1)
		})
		t.Run("refused rows", func(t *testing.T) {
			a := s.ask(t, s.NorthAdmin,
				fmt.Sprintf(`query Rows { bulkJob(id: %q) { refusedRows { nodes { cells { value } } } } }`, job), nil)
			if a.at("bulkJob.refusedRows.nodes.0.cells.1.value") != "Quin" {
				t.Fatalf("%+v", a)
			}
			read(t, "Rows", audit.StudentsRead, 1)
		})
		t.Run("refused rows that are watched", func(t *testing.T) {
			a := s.firstEvent(t, s.NorthAdmin,
				fmt.Sprintf(`subscription Watch { bulkJob(id: %q) { refusedRows { nodes { cells { value } } } } }`, job))
			if a.at("bulkJob.refusedRows.nodes.0.cells.1.value") != "Quin" {
				t.Fatalf("%+v", a)
			}
			read(t, "Watch", audit.StudentsWatched, 1)
		})
		t.Run("what is deep in a subscription", func(t *testing.T) {
			s.firstEvent(t, s.NorthAdmin,
				fmt.Sprintf(`subscription Deep { bulkJob(id: %q) { submittedBy { groups { students { nodes { firstName } } } } } }`,
					job))
			if got := s.actionsOf(t, "Deep"); len(got) > 1 {
				t.Errorf("%v", got)
			}
			s.Teach(t, s.NorthAdmin, s.Algebra)
			s.firstEvent(t, s.NorthAdmin,
				fmt.Sprintf(
					`subscription Deeper { bulkJob(id: %q) { submittedBy { groups { students { nodes { firstName } } } } } }`, job))
			read(t, "Deeper", audit.StudentsWatched, 1)
		})
		t.Run("by somebody who signs in at the same time, who is named", func(t *testing.T) {
			a := s.ask(t, nil,
				fmt.Sprintf(
					`mutation Enter { signIn(input: {email: %q, password: %q}) { viewer { educator { groups { students { nodes { firstName } } } } } } }`,
					s.NorthAdmin.Email, password), nil)
			if a.at("signIn.viewer.educator.groups.0.students.nodes.0.firstName") != "Ada" {
				t.Fatalf("%+v", a)
			}
			read(t, "Enter", audit.StudentsRead, 1)
		})
		t.Run("and once", func(t *testing.T) {
			if got := s.actionsOf(t, "Rows"); !slices.Equal(got, []audit.Action{audit.StudentsRead}) {
				t.Errorf("%v", got)
			}
		})
	})
}
