package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/testlog"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// serviceKey makes a key, and returns its id and the key itself.
func (s *server) serviceKey(t testing.TB, at *db.Organization, scopes ...viewer.Scope) (id, secret string) {
	t.Helper()
	key, secret, err := s.identity.CreateKey(fixture.System(), identity.NewKey{
		Name: "Program", OrganizationID: at.ID, Scopes: scopes, ExpiresAt: fixture.Today.Add(24 * time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	return globalid.Encode(globalid.ServiceKey, key.ID), testlog.Secret(secret)
}

// sessionOfNobody creates a session of an educator who is in no table of callers.
func (s *server) sessionOfNobody(t testing.TB) string {
	t.Helper()
	e := s.Client().Educator.Create().SetDistrictID(s.Alpha.ID).SetFirstName("A").SetLastName("B").SetSortName("b").
		SaveX(fixture.System())
	row := s.Client().Session.Create().SetEducatorID(e.ID).SetTokenHash(globalid.Encode("x", e.ID)).
		SetExpiresAt(fixture.Today.Add(time.Hour)).SetLastUsedAt(fixture.Today).SaveX(fixture.System())
	return globalid.Encode(globalid.Session, row.ID)
}

// askWith sends an operation with a bearer token; file, if it is not empty, is the
// variable $file.
func (s *server) askWith(t testing.TB, bearer, query, file string) (a answer) {
	t.Helper()
	var body bytes.Buffer
	contentType := "application/json"
	operations, _ := json.Marshal(map[string]any{"query": query, "variables": map[string]any{"file": nil}})
	if file == "" {
		body.Write(operations)
	} else {
		form := multipart.NewWriter(&body)
		_ = form.WriteField("operations", string(operations))
		_ = form.WriteField("map", `{"0": ["variables.file"]}`)
		part, _ := form.CreateFormFile("0", "rows.csv")
		_, _ = part.Write([]byte(file))
		_ = form.Close()
		contentType = form.FormDataContentType()
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, s.http.URL+"/graphql", &body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Authorization", "Bearer "+bearer)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		t.Fatal(err)
	}
	return a
}

// word sums an answer up: the code of the first error or refusal, or ok.
func (a answer) word() string {
	if code := a.code(); code != "" {
		return code
	}
	if code, is := a.at("r.userErrors.0.code").(string); is {
		return code
	}
	return ok
}

func TestServiceKeys(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		s.Student(t, s.North, "Ada", "North", 0)
		s.Student(t, s.South, "Sam", "South", 0)
		_, usageNorth := s.serviceKey(t, s.North, viewer.UsageWrite)
		_, importNorth := s.serviceKey(t, s.North, viewer.RosterImport)
		_, both := s.serviceKey(t, s.Alpha, viewer.UsageWrite, viewer.RosterImport)

		t.Run("does what its scopes say, at its organization, and nothing else", func(t *testing.T) {
			record := func(organization, student string) string {
				return fmt.Sprintf(
					`mutation { r: recordUsage(input: {organizationId: "{{%s}}", events: [{eventId: "{{New}}", studentExternalId: "%s",
						productCode: "MATH", startedAt: "2026-11-18T12:00:00Z", seconds: 60}]}) { accepted userErrors { code } } }`,
					organization, student)
			}
			for i, row := range []struct {
				what, operation         string
				usage, importing, broad string
			}{
				{"usage of a student of the school", record("North", "00001"), ok, no, ok},
				{"usage of a student of another school", record("North", "00002"), "UNKNOWN_STUDENT", no, "UNKNOWN_STUDENT"},
				{"usage at another school", record("South", "00002"), nf, no, ok},
				{"usage in another district", record("East", "00002"), nf, no, nf},
				{"a file for the school", submission("{{North}}", "IMPORT_STUDENTS"), no, ok, ok},
				{"a file for another school", submission("{{South}}", "IMPORT_STUDENTS"), no, nf, ok},
				{"a file for the district", submission("{{Alpha}}", "IMPORT_STUDENTS"), no, nf, ok},
				{"schools of the district", submission("{{Alpha}}", "IMPORT_ORGANIZATIONS"), no, nf, ok},
				{"a file for another district", submission("{{East}}", "IMPORT_STUDENTS"), no, nf, nf},
				{"jobs", `{ r: bulkJobs { totalCount } }`, no, ok, ok},
				{"who asks", `{ r: viewer { roles { role } } }`, no, no, no},
				{"students", `{ r: students { totalCount } }`, no, no, no},
				{"students beside what is allowed", `{ bulkJobs { totalCount } students { totalCount } }`, no, no, no},
				{"students in a fragment", `{ ...on Query { r: students { totalCount } } }`, no, no, no},
				{"groups", `{ r: groups { totalCount } }`, no, no, no},
				{"a node", `{ r: node(id: "{{North}}") { id } }`, no, no, no},
				{"an organization", `{ r: organization(id: "{{North}}") { id } }`, no, no, no},
				{"a report", `{ r: usageReport(organizationId: "{{North}}") { from } }`, no, no, no},
				{"a notice", `{ r: dashboardNotifications(organizationId: "{{North}}") { count } }`, no, no, no},
				{"keys", `{ r: serviceKeys(organizationId: "{{North}}") { id } }`, no, no, no},
				{"another key", `mutation { r: createServiceKey(input: {organizationId: "{{North}}", name: "N", scopes: [USAGE_WRITE], expiresAt: "2027-06-30T00:00:00Z"}) { userErrors { code } } }`, no, no, no},
				{"an invitation", `mutation { r: inviteEducator(input: {organizationId: "{{North}}", role: TEACHER, email: "x@example.com", firstName: "A", lastName: "B"}) { userErrors { code } } }`, no, no, no},
				{"a group", `mutation { r: createGroup(input: {organizationId: "{{North}}", name: "New"}) { userErrors { code } } }`, no, no, no},
				{"a deletion", `mutation { r: deleteStudents(input: {studentIds: []}) { userErrors { code } } }`, no, no, no},
				{"a session", `mutation { r: signIn(input: {email: "nora@example.com", password: "correct horse"}) { userErrors { code } } }`, no, no, no},
			} {
				for j, c := range []struct{ key, want string }{{usageNorth, row.usage}, {importNorth, row.importing},
					{both, row.broad}} {
					file := ""
					if strings.Contains(row.operation, "$file") {
						file = "Student ID\n1\n"
					}
					a := s.askWith(t, c.key,
						s.names(map[string]string{"New": fmt.Sprintf("%d.%d", i, j)}).Replace(row.operation), file)
					if got := a.word(); got != c.want {
						t.Errorf("%s with key %d: %s; want %s (%v)", row.what, j, got, c.want, a.Errors)
					}
				}
			}
		})

		t.Run("imports a file and watches it, and sees no job of others", func(t *testing.T) {
			foreign := s.verifiedJob(t, s.NorthAdmin)
			submit := s.names(nil).
				Replace(`mutation($file: Upload!) { r: submitBulkImport(input: {organizationId: "{{North}}", kind: IMPORT_GROUPS,
					file: $file}) { job { id submittedBy { name } organization { name } } userErrors { code message } } }`)
			a := s.askWith(t, importNorth, submit, "Name,School\nBy a key,North School\nBy a key,South School\n")
			id, _ := a.at("r.job.id").(string)
			if id == "" || a.at("r.job.submittedBy.name") != "Service key Program" ||
				a.at("r.job.organization.name") != "North School" {
				t.Fatalf("%+v", a)
			}
			if err := s.importer.Drain(fixture.System()); err != nil {
				t.Fatal(err)
			}
			watch := fmt.Sprintf(
				`{ r: bulkJob(id: %q) { status counts { created errors } problems { nodes { code } } changes { totalCount nodes {
					after student { id } } } } }`, id)
			a = s.askWith(t, importNorth, watch, "")
			if a.at("r.status") != "READY" || a.at("r.counts.errors") != 1.0 || a.at("r.changes.totalCount") == 0.0 {
				t.Fatalf("%+v", a)
			}
			for _, stranger := range []string{both, importNorth} {
				other := id
				if stranger == importNorth {
					other = foreign
				}
				if a := s.askWith(t, stranger, fmt.Sprintf(`{ r: bulkJob(id: %q) { id } }`, other), ""); a.at("r") != nil ||
					len(a.Errors) > 0 {
					t.Errorf("a job of somebody else: %+v", a)
				}
				if a := s.askWith(t, stranger, fmt.Sprintf(`mutation { r: startBulkJob(id: %q) { userErrors { code } } }`, other),
					""); a.word() != nf {
					t.Errorf("started a job of somebody else: %+v", a)
				}
			}
			if a := s.askWith(t, importNorth, fmt.Sprintf(`mutation { r: startBulkJob(id: %q) { userErrors { code } } }`, id),
				""); a.word() != ok {
				t.Fatalf("%+v", a)
			}
			if err := s.importer.Drain(fixture.System()); err != nil {
				t.Fatal(err)
			}
			if a = s.askWith(t, importNorth, watch, ""); a.at("r.status") != "COMPLETED_WITH_ERRORS" ||
				a.at("r.counts.created") != 1.0 {
				t.Errorf("%+v", a)
			}
		})

		t.Run("ends with its revocation, and its jobs with it", func(t *testing.T) {
			id, secret := s.serviceKey(t, s.North, viewer.RosterImport)
			submit := s.names(nil).Replace(submission("{{North}}", "IMPORT_GROUPS"))
			if a := s.askWith(t, secret, submit, "Name,School\nToo late,North School\n"); a.word() != ok {
				t.Fatalf("%+v", a)
			}
			if a := s.ask(t, s.NorthAdmin,
				fmt.Sprintf(`mutation { r: revokeServiceKey(id: %q) { serviceKey { revokedAt } userErrors { code } } }`, id),
				nil); a.at("r.serviceKey.revokedAt") == nil {
				t.Fatalf("%+v", a)
			}
			if a := s.askWith(t, secret, `{ r: bulkJobs { totalCount } }`, ""); a.code() != un {
				t.Errorf("%+v", a)
			}
			if err := s.importer.Drain(fixture.System()); err != nil {
				t.Fatal(err)
			}
			last := s.Client().BulkJob.Query().Order(bulkjob.ByID()).AllX(fixture.System())
			if got := last[len(last)-1].Status; got != bulkjob.StatusFAILED {
				t.Errorf("the job is %s", got)
			}
		})

		t.Run("is told once and listed without it", func(t *testing.T) {
			a := s.ask(t, s.NorthAdmin, s.names(nil).
				Replace(`mutation { r: createServiceKey(input: {organizationId: "{{North}}", name: " Reading  App ", scopes:
					[USAGE_WRITE], expiresAt: "2027-06-30T00:00:00Z"}) { key serviceKey { id name beginning scopes expiresAt lastUsedAt organization { name } } userErrors { code } } }`), nil)
			secret, _ := a.at("r.key").(string)
			beginning, _ := a.at("r.serviceKey.beginning").(string)
			if !strings.HasPrefix(secret, "hrk_") || len(secret) != 47 || len(beginning) != 10 ||
				!strings.HasPrefix(secret, beginning) || a.at("r.serviceKey.name") != "Reading App" {
				t.Fatalf("%+v", a)
			}
			s.askWith(t, secret, `{ __typename }`, "")
			list := s.ask(t, s.NorthAdmin,
				s.names(nil).Replace(`{ serviceKeys(organizationId: "{{North}}") { name lastUsedAt organization { name } } }`), nil)
			if list.at("serviceKeys.0.name") != "Reading App" || list.at("serviceKeys.0.lastUsedAt") != "2026-11-18T15:00:00Z" ||
				list.at("serviceKeys.0.organization.name") != "North School" {
				t.Errorf("%+v", list)
			}
			for _, row := range s.Client().ServiceKey.Query().AllX(fixture.System()) {
				if strings.Contains(fmt.Sprint(row.KeyHash, row.Beginning, row.Name), secret[10:]) {
					t.Error("the key is in the database")
				}
			}
		})
	})
}
