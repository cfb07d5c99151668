package graph_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestAProgramReadsNobodyOnRecord is about programs that may import, and read nothing: what
// they are told of a job counts and names fields, whether they name somebody by a Database
// ID or leave somebody out of the file.
func TestAProgramReadsNobodyOnRecord(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		group := s.Group(t, s.North, "Zoology")
		ada := s.Student(t, s.North, "Ada", "Lovelace", 0, group)
		s.Student(t, s.North, "Cyd", "Curie", 0)
		s.Student(t, s.North, "Dee", "Darwin", 0)
		_, key := s.serviceKey(t, s.North, viewer.RosterImport)
		const fields = `changes { totalCount nodes { row label field before after student { id } } }
			changedRows { totalCount nodes { row label student { id } changes { label field before after } } }
			missingStudentsCsvUrl missingRows counts { deleted updated created }`
		job := func(missing, file string) string {
			a := s.askWith(t, key, s.names(nil).Replace(`mutation($file: Upload!) { r: submitBulkImport(input: {
				organizationId: "{{North}}", kind: IMPORT_STUDENTS, missing: `+missing+`, file: $file}) {
				job { id } userErrors { code message } } }`), file)
			if err := s.importer.Drain(fixture.System()); err != nil {
				t.Fatal(err)
			}
			id, _ := a.at("r.job.id").(string)
			return id
		}
		told := func(id string) string {
			a := s.askWith(t, key, fmt.Sprintf(`{ r: bulkJob(id: %q) { `+fields+` } }`, id), "")
			text, err := json.Marshal(a)
			if err != nil || len(a.Errors) > 0 || a.at("r") == nil {
				t.Fatalf("%v %s", err, text)
			}
			return string(text)
		}
		without := func(text string, names ...string) {
			t.Helper()
			for _, name := range names {
				if strings.Contains(text, name) {
					t.Errorf("%s is named: %s", name, text)
				}
			}
		}

		t.Run("whom a file leaves out", func(t *testing.T) {
			for _, how := range []string{"DELETE", "LEAVE_GROUPS"} {
				id := job(how, "Student ID,First Name,Last Name,Username,Grade\nnew1,Eve,Euler,eve1,2\n")
				text := told(id)
				without(text, "Ada", "Cyd", "Dee", "Curie", "0000", "Zoology")
				if !strings.Contains(text, `"label":"Row 2"`) ||
					how == "DELETE" && !strings.Contains(text, `"counts":{"created":1,"deleted":3,"updated":0},"missingRows":3`) {
					t.Errorf("%s: %s", how, text)
				}
			}
		})
		t.Run("whom a file names by a number that follows from another", func(t *testing.T) {
			id := job("IGNORE", "Database ID,Grade,Classes/Groups\n"+studentID(ada)+",3,[clear]\n")
			text := told(id)
			without(text, "Ada", "Lovelace", "0000", "Zoology")
			if !strings.Contains(text, `"field":"Grade"`) || !strings.Contains(text, `"field":"Classes/Groups"`) {
				t.Errorf("the fields are not told: %s", text)
			}
		})
		t.Run("and the list of whom the file leaves out is for people", func(t *testing.T) {
			id := job("IGNORE", "Student ID,First Name,Last Name,Username,Grade\nnew2,Eve,Euler,eve2,2\n")
			a := s.askWith(t, key, fmt.Sprintf(`{ bulkJob(id: %q) { missingStudents { totalCount nodes { id firstName } } } }`,
				id), "")
			text, _ := json.Marshal(a)
			without(string(text), "Ada", "Cyd", "Dee")
		})
	})
}
