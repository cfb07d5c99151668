package graph_test

import (
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// refusals are root fields as they are refused to the administrator of North.
var refusals = map[string]string{
	"nodes":                  "nodes(ids: $many) { id }",
	"students":               `students(organizationId: "{{South}}") { nodes { id } }`,
	"deletedStudents":        `deletedStudents(organizationId: "{{South}}") { nodes { id } }`,
	"groups":                 `groups(organizationId: "{{South}}") { nodes { id } }`,
	"educators":              `educators(organizationId: "{{South}}") { nodes { id } }`,
	"dashboardNotifications": `dashboardNotifications(organizationId: "{{South}}") { count }`,
	"usageReport":            `usageReport(organizationId: "{{South}}") { from }`,
	"bulkJobs":               `bulkJobs(organizationId: "{{South}}") { nodes { id } }`,
	"importTemplate":         `importTemplate(kind: IMPORT_STUDENTS, columns: ["Shoe size"]) { csv }`,
	"importMapping":          `importMapping(kind: EDIT_STUDENTS, headers: ["Grade"]) { problem }`,
	"studentsCsvUrl":         `studentsCsvUrl(organizationId: "{{South}}")`,
	"studentRecordUrl":       `studentRecordUrl(studentId: "{{North}}")`,
	"erasure":                `erasure(id: "{{North}}") { state }`,
	"auditEvents":            `auditEvents(organizationId: "{{South}}") { nodes { id } }`,
	"auditEventsCsvUrl":      `auditEventsCsvUrl(organizationId: "{{South}}")`,
	"serviceKeys":            `serviceKeys(organizationId: "{{South}}") { id }`,
}

// unrefusable are root fields of which nothing can be refused once the operation runs.
var unrefusable = map[string]string{
	"viewer":          "it is whoever asks",
	"signInProviders": "they are the same for everybody",
	"node":            "it is null for what the caller does not see",
	"organization":    "it is null for what the caller does not see",
	"bulkJob":         "it is null for what the caller does not see",
}

// TestARefusedFieldLeavesItsNeighbors refuses every root field of the schema, between two
// that are answered, and alone.
func TestARefusedFieldLeavesItsNeighbors(t *testing.T) {
	t.Parallel()
	s := newServer(t, dbtest.Open(t, database.SQLite))
	many := make([]string, 501)
	for _, field := range loadSchema(t).Query.Fields {
		if strings.HasPrefix(field.Name, "__") || unrefusable[field.Name] != "" {
			continue
		}
		t.Run(field.Name, func(t *testing.T) {
			if refusals[field.Name] == "" {
				t.Fatal("say here how it is refused, or why it is not")
			}
			ask := func(fields string) answer {
				t.Helper()
				variables := map[string]any{}
				if strings.Contains(fields, "$many") {
					variables["many"] = many
					fields = "query ($many: [ID!]!) " + fields
				}
				return s.ask(t, s.NorthAdmin, s.names(nil).Replace(fields), variables)
			}
			a := ask(`{ before: viewer { educator { id } } r: ` + refusals[field.Name] +
				` gone: organization(id: "{{South}}") { id } after: groups(organizationId: "{{North}}") { totalCount } }`)
			if len(a.Errors) != 1 || len(a.Errors[0].Path) == 0 || a.Errors[0].Path[0] != "r" {
				t.Fatalf("got %+v", a)
			}
			if _, there := a.Data["r"]; !there || a.at("r") != nil {
				t.Errorf("the refused field is %v", a.at("r"))
			}
			if a.at("before.educator.id") == nil || a.at("after.totalCount") == nil {
				t.Errorf("the neighbors are gone: %+v", a)
			}
			if _, there := a.Data["gone"]; !there {
				t.Errorf("what does not exist is not null: %+v", a)
			}
			if a = ask(`{ r: ` + refusals[field.Name] + ` gone: organization(id: "{{South}}") { id } }`); a.Data == nil {
				t.Errorf("a neighbor that is null was answered, too: %+v", a)
			}
			if a = ask(`{ r: ` + refusals[field.Name] + ` again: ` + refusals[field.Name] + ` }`); a.Data != nil ||
				len(a.Errors) != 2 {
				t.Errorf("got %+v, want no data where nothing was answered", a)
			}
		})
	}
}

// TestARefusalSaysWhenToTryAgain has somebody guess until there is a time to wait.
func TestARefusalSaysWhenToTryAgain(t *testing.T) {
	t.Parallel()
	s := newServer(t, dbtest.Open(t, database.SQLite))
	guess := func() answer {
		return s.ask(t, nil, `mutation {
			r: signIn(input: {email: "nora@example.com", password: "wrong"}) { userErrors { code retryAfterSeconds } }
		}`, nil)
	}
	for range 10 {
		if a := guess(); a.word() != "WRONG_CREDENTIALS" || a.at("r.userErrors.0.retryAfterSeconds") != nil {
			t.Fatalf("got %+v", a)
		}
	}
	if a := guess(); a.word() != "RATE_LIMITED" || a.at("r.userErrors.0.retryAfterSeconds") != 60.0 {
		t.Errorf("got %+v", a)
	}
}
