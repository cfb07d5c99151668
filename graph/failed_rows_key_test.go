package graph_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestAProgramGetsItsRefusedRows is about programs with a service key. They learn as much
// about their files as people do, and nothing about students.
func TestAProgramGetsItsRefusedRows(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		s.Student(t, s.North, "Ada", "Lovelace", 0)
		s.Student(t, s.North, "Ben", "Changed", 0)
		keyID, key := s.serviceKey(t, s.North, viewer.RosterImport)
		_, sameSchool := s.serviceKey(t, s.North, viewer.RosterImport)
		_, district := s.serviceKey(t, s.Alpha, viewer.Scopes()...)
		_, usage := s.serviceKey(t, s.North, viewer.UsageWrite)

		submitted := func(bearer string) string {
			a := s.askWith(t, bearer, s.names(nil).
				Replace(`mutation($file: Upload!) { r: submitBulkImport(input: {organizationId: "{{North}}", kind: IMPORT_STUDENTS,
					file: $file}) { job { id failedRowsCsvUrl } userErrors { code message } } }`),
				"Student ID,First Name,Last "+
					"Name,Username,Password,Grade,Room\nx1,Ada,Lovelace,ada1,geheim12,7,A\nx2,Bad,Grade,bad1,geheim12,99,B\n00002,Benjamin,,,,2,\n")
			id, _ := a.at("r.job.id").(string)
			if id == "" || a.at("r.job.failedRowsCsvUrl") != nil {
				t.Fatalf("%+v", a)
			}
			if err := s.importer.Drain(fixture.System()); err != nil {
				t.Fatal(err)
			}
			return id
		}
		id := submitted(key)
		address := func(bearer, id string) string {
			text, _ := s.askWith(t, bearer, fmt.Sprintf(`{ bulkJob(id: %q) { failedRowsCsvUrl } }`, id), "").
				at("bulkJob.failedRowsCsvUrl").(string)
			return text
		}

		t.Run("in its answers, in which students do not exist", func(t *testing.T) {
			a := s.askWith(t, key, fmt.Sprintf(`{ r: bulkJob(id: %q) {
				submittedBy { name } organization { name }
				problems { totalCount nodes { row code message candidates { id } } }
				refusedRows { totalCount nodes { row cells { header value } problems { code candidates { id } } } }
				changes { nodes { row field student { id } } } } }`, id), "")
			if len(a.Errors) > 0 || a.at("r.problems.totalCount") != 2.0 ||
				a.at("r.problems.nodes.0.code") != "POSSIBLE_DUPLICATE" ||
				a.at("r.problems.nodes.1.code") != "UNKNOWN_GRADE" || a.at("r.refusedRows.totalCount") != 1.0 ||
				a.at("r.refusedRows.nodes.0.problems.0.code") != "UNKNOWN_GRADE" ||
				a.at("r.refusedRows.nodes.0.cells.4.value") != "set" {
				t.Fatalf("%+v", a)
			}
			if got := fmt.Sprint(a.at("r.problems.nodes.0.candidates")); got != "[]" {
				t.Errorf("candidates %s", got)
			}
			changed := 0
			for _, c := range a.at("r.changes.nodes").([]any) {
				if c.(map[string]any)["row"] == 3.0 {
					changed++
				}
				if student := c.(map[string]any)["student"]; student != nil {
					t.Errorf("student %v", student)
				}
			}
			if changed != 2 {
				t.Errorf("%d changes of a student who was there", changed)
			}
		})
		t.Run("as a file, by an address of the own, and on record", func(t *testing.T) {
			link := address(key, id)
			answer, file := follow(t, link)
			if answer.StatusCode != http.StatusOK || strings.Count(file, "\n") != 2 || strings.Contains(file, "geheim") ||
				!strings.HasPrefix(file,
					"\ufeffStudent ID,First Name,Last Name,Username,Password,Grade,Room,Refused Row,Refused Because,What To "+
						"Do\r\nx2,Bad,Grade,bad1,,99,B,2,") {
				t.Fatalf("%s: %d %q", link, answer.StatusCode, file)
			}
			own := s.ask(t, s.NorthAdmin, fmt.Sprintf(`{ bulkJob(id: %q) { failedRowsCsvUrl } }`, id), nil).
				at("bulkJob.failedRowsCsvUrl")
			if own == nil || own == link {
				t.Errorf("the administrator's address is %v", own)
			}
			k, _ := globalid.Key(globalid.ServiceKey, keyID)
			job, _ := globalid.Key(globalid.BulkJob, id)
			on := s.Client().AuditEvent.Query().
				Where(auditevent.Action(string(audit.FailedRowsDownloaded)), auditevent.JobID(job)).AllX(fixture.System())
			if len(on) != 1 || on[0].ActorKind != string(audit.ServiceKey) || on[0].ActorID != k ||
				on[0].DistrictID != s.Alpha.ID {
				t.Errorf("on record: %+v", on)
			}
		})
		t.Run("no other program does", func(t *testing.T) {
			for name, bearer := range map[string]string{
				"another of the school":  sameSchool,
				"one of the district":    district,
				"one that records usage": usage,
			} {
				if link := address(bearer, id); link != "" {
					t.Errorf("%s: %s", name, link)
				}
			}
			if link := address(key, s.verifiedJob(t, s.NorthAdmin)); link != "" {
				t.Errorf("of a person's job: %s", link)
			}
		})
		t.Run("an address is for one job and one program", func(t *testing.T) {
			u, err := url.Parse(address(key, id))
			if err != nil {
				t.Fatal(err)
			}
			other, _ := url.Parse(address(sameSchool, submitted(sameSchool)))
			q := u.Query()
			for name, value := range map[string]string{
				"job":      other.Query().Get("job"),
				"key":      other.Query().Get("key"),
				"expires":  "99999999999",
				"educator": globalid.Encode(globalid.Educator, s.DistrictAdmin.ID),
			} {
				changed := u.Query()
				changed.Set(name, value)
				forged := *u
				forged.RawQuery = changed.Encode()
				if answer, _ := follow(t, forged.String()); value == "" || answer.StatusCode != http.StatusNotFound {
					t.Errorf("with another %s (%q): %d", name, value, answer.StatusCode)
				}
			}
			q.Del("key")
			u.RawQuery = q.Encode()
			if answer, _ := follow(t, u.String()); answer.StatusCode != http.StatusNotFound {
				t.Errorf("without the key: %d", answer.StatusCode)
			}
		})
		t.Run("an address ends with its key", func(t *testing.T) {
			for name, end := range map[string]func(keyID string){
				"revoked": func(keyID string) {
					a := s.ask(t, s.NorthAdmin,
						fmt.Sprintf(`mutation { r: revokeServiceKey(id: %q) { userErrors { code } } }`, keyID), nil)
					if a.word() != ok {
						t.Fatalf("%+v", a)
					}
				},
				"expired": func(keyID string) {
					k, _ := globalid.Key(globalid.ServiceKey, keyID)
					if _, err := s.Client().ExecContext(fixture.System(), "UPDATE service_keys SET expires_at = ? WHERE id = ?",
						fixture.Today, k); err != nil {
						t.Fatal(err)
					}
				},
			} {
				keyID, key := s.serviceKey(t, s.North, viewer.RosterImport)
				link := address(key, submitted(key))
				if answer, _ := follow(t, link); answer.StatusCode != http.StatusOK {
					t.Fatalf("%s: %d", link, answer.StatusCode)
				}
				end(keyID)
				if answer, file := follow(t, link); answer.StatusCode != http.StatusNotFound || strings.Contains(file, "x2") {
					t.Errorf("%s: %d %q", name, answer.StatusCode, file)
				}
			}
		})
	})
}
