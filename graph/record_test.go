package graph_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
)

// TestTheRecordOfAStudentIsDownloaded opens the address that the API gives, as a
// browser does.
func TestTheRecordOfAStudentIsDownloaded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		st := s.Student(t, s.North, "Ada", "Lovelace", 600, s.Algebra)
		address, _ := s.ask(t, s.NorthAdmin, `query($id: ID!) { studentRecordUrl(studentId: $id) }`,
			map[string]any{"id": studentID(st)}).at("studentRecordUrl").(string)
		resp, content := follow(t, address)
		var doc struct {
			Format  string
			Version int
			Student struct{ FirstName, ID string }
			Groups  []struct{ Name string }
		}
		if err := json.Unmarshal([]byte(content), &doc); err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%d %v: %s", resp.StatusCode, err, content)
		}
		if doc.Version != 1 || doc.Student.FirstName != "Ada" || doc.Student.ID != studentID(st) || len(doc.Groups) != 1 ||
			doc.Groups[0].Name != "Algebra" {
			t.Errorf("%+v", doc)
		}
		if kind, name := resp.Header.Get("Content-Type"),
			resp.Header.Get("Content-Disposition"); kind != "application/json" ||
			!strings.Contains(name, "student-record-2026-11-18.json") {
			t.Errorf("%s, %s", kind, name)
		}
		system := fixture.System()
		entry := s.Client().AuditEvent.Query().Where(auditevent.Action(string(audit.StudentRecordDownloaded))).OnlyX(system)
		if entry.ActorID != s.NorthAdmin.ID || entry.TargetID != st.ID || entry.OrganizationID != s.North.ID {
			t.Errorf("%+v", entry)
		}
		if resp, _ := follow(t,
			strings.Replace(address, studentID(st), studentID(s.Student(t, s.North, "Bob", "Other", 0)),
				1)); resp.StatusCode != http.StatusNotFound {
			t.Errorf("a changed address answers %d", resp.StatusCode)
		}
		s.Client().RoleAssignment.Delete().Where(roleassignment.EducatorID(s.NorthAdmin.ID)).ExecX(system)
		if resp, content := follow(t, address); resp.StatusCode != http.StatusNotFound || strings.Contains(content, "Ada") {
			t.Errorf("without the role it answers %d %s", resp.StatusCode, content)
		}
	})
}
