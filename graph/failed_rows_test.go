package graph_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
)

func TestFailedRowsCSVURL(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		submitted := func(who *db.Educator, file string) string {
			a := s.upload(t, who,
				s.names(nil).
					Replace(`mutation($file: Upload!) { r: submitBulkImport(input: {organizationId: "{{North}}", kind: IMPORT_STUDENTS,
						file: $file}) { job { id failedRowsCsvUrl } userErrors { code } } }`), "rows.csv", file)
			if a.at("r.job.failedRowsCsvUrl") != nil {
				t.Errorf("refused rows before the check: %+v", a)
			}
			id, _ := a.at("r.job.id").(string)
			if err := s.importer.Drain(fixture.System()); err != nil || id == "" {
				t.Fatalf("%+v, %v", a, err)
			}
			return id
		}
		address := func(who *db.Educator, id string) string {
			text, _ := s.ask(t, who, `query($id: ID!) { bulkJob(id: $id) { failedRowsCsvUrl } }`, map[string]any{"id": id}).
				at("bulkJob.failedRowsCsvUrl").(string)
			return text
		}
		id := submitted(s.NorthTeacher, "Student ID,Note,Grade\nx1,mine,99\n")
		good := submitted(s.NorthTeacher, "Student ID,Note,Grade\nx1,mine,\n")
		if got := address(s.NorthTeacher, good); got == "" {
			t.Error("a row without a name was not refused")
		}
		t.Run("whoever sees the job gets an address of the own", func(t *testing.T) {
			seen := map[string]bool{}
			for _, who := range []*db.Educator{s.NorthTeacher, s.NorthAdmin, s.DistrictAdmin} {
				link := address(who, id)
				answer, file := follow(t, link)
				if answer.StatusCode != http.StatusOK ||
					!strings.HasPrefix(file, "\ufeffStudent ID,Note,Grade,Refused Row,Refused Because,What To Do\r\nx1,mine,99,1,") ||
					seen[link] {
					t.Errorf("%s: %d %q", link, answer.StatusCode, file)
				}
				seen[link] = true
			}
			for _, who := range []*db.Educator{s.SouthAdmin, s.SouthTeacher, s.BetaAdmin} {
				if link := address(who, id); link != "" {
					t.Errorf("%s sees %s", who.Email, link)
				}
			}
		})
		t.Run("an address is for one job and one person", func(t *testing.T) {
			u, err := url.Parse(address(s.NorthTeacher, id))
			if err != nil {
				t.Fatal(err)
			}
			other, _ := url.Parse(address(s.NorthAdmin, good))
			for name, value := range map[string]string{
				"job":          good,
				"educator":     other.Query().Get("educator"),
				"expires":      "99999999999",
				"organization": "org_1",
			} {
				q := u.Query()
				q.Set(name, value)
				forged := *u
				forged.RawQuery = q.Encode()
				if answer, _ := follow(t, forged.String()); answer.StatusCode != http.StatusNotFound {
					t.Errorf("with another %s: %d", name, answer.StatusCode)
				}
			}
			moved := *u
			moved.Path = "/downloads/unassigned-active-students.csv"
			if answer, _ := follow(t, moved.String()); answer.StatusCode != http.StatusNotFound {
				t.Errorf("at another path: %d", answer.StatusCode)
			}
		})
		t.Run("who does not see the job any more gets nothing from an old address", func(t *testing.T) {
			link := address(s.NorthAdmin, id)
			d.Client(fixture.System()).Educator.UpdateOne(s.NorthAdmin).SetDisabled(1).ExecX(fixture.System())
			if answer, file := follow(t, link); answer.StatusCode != http.StatusNotFound || strings.Contains(file, "x1") {
				t.Errorf("%d %q", answer.StatusCode, file)
			}
		})
		t.Run("a list of jobs needs one statement for all of their addresses", func(t *testing.T) {
			list := `query { bulkJobs(first: 20) { nodes { id failedRowsCsvUrl } } }`
			s.ask(t, s.DistrictAdmin, list, nil)
			few := s.statements.Load()
			for range 4 {
				submitted(s.DistrictAdmin, "Student ID,Grade\nx1,99\n")
			}
			a := s.ask(t, s.DistrictAdmin, list, nil)
			if many := s.statements.Load(); many != few || a.at("bulkJobs.nodes.3.failedRowsCsvUrl") == nil {
				t.Errorf("%d statements for 2 jobs, %d for 6: %+v", few, many, a)
			}
		})
	})
}
