package main_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// dashboardOf starts a server on a sample district, and a browser.
func dashboardOf(t *testing.T, students string, args ...string) (screen, *server) {
	t.Helper()
	in := installation{t: t, url: dbtest.URL(t, database.SQLite), folder: t.TempDir()}
	in.run("seed", "--students", students)
	b := openBrowser(t)
	return screen{b}, in.start(append([]string{"serve", "--log-level", "warn"}, args...)...)
}

// on runs a step of a test, whose steps need each other.
func (s screen) on(t *testing.T, name string, do func(t *testing.T, s screen)) {
	t.Helper()
	if !t.Run(name, func(t *testing.T) {
		s.t = t
		do(t, s)
		s.mustNotComplain()
	}) {
		t.FailNow()
	}
	s.t = t
}

// TestTheMainJobInTheDashboard goes the two ways from the notice to no unassigned
// student, by mouse, and back.
func TestTheMainJobInTheDashboard(t *testing.T) {
	t.Parallel()
	s, server := dashboardOf(t, "300")
	admin := signIn(t, server.address, "district@example.com", samplePassword)
	n := admin.notice().Count
	s.on(t, "a wrong password is told, and the form stays", func(t *testing.T, s screen) {
		s.do(chromedp.Navigate(server.address + "/"))
		s.comeIn("district@example.com", "wrong")
		s.finds("alert", ".*is wrong.*")
		s.isAccessible("signing in")
	})
	s.on(t, "an administrator sees the notice, which leads to exactly its students", func(t *testing.T, s screen) {
		s.comeIn("district@example.com", samplePassword)
		s.noticeIs(n)
		s.finds("heading", "Usage")
		s.says(fmt.Sprintf("%d active students are in no group", n))
		s.isAccessible("usage")
		s.press("link", fmt.Sprintf("%d Unassigned.*", n))
		s.says(fmt.Sprintf("%d students", n))
		s.isAccessible("students")
	})
	s.on(t, "a range is ticked and assigned, and the number falls", func(t *testing.T, s screen) {
		tickThree(s)
		s.press("button", "Assign to Group")
		s.finds("dialog", "Assign 3 students")
		s.isAccessible("assigning")
		s.press("button", "New group.*")
		s.fill("Name of the new group", "Reading club")
		s.press("button", "Create")
		s.press("button", "Assign to 1 group")
		s.finds("status", ".*3 students are now in Reading club.*")
		s.noticeIs(n - 3)
		s.says(fmt.Sprintf("%d students", n-3))
		if got := admin.notice().Count; got != n-3 {
			t.Errorf("the server counts %d", got)
		}
	})
	s.on(t, "it is undone", func(t *testing.T, s screen) {
		s.press("button", "Undo")
		s.finds("status", ".*are as before.*")
		s.noticeIs(n)
	})
	s.on(t, "the list is searched while somebody types", func(t *testing.T, s screen) {
		name := admin.firstUnassigned()
		s.fill("Search by name, username or ID", name)
		s.says("1 student")
		s.until("the address", fmt.Sprintf(`new URLSearchParams(location.search).get("q") === %q`, name))
		s.do(chromedp.Navigate(server.address + "/students?q=nobodyhasthisname"))
		s.says("Nobody matches")
		s.isAccessible("an empty list")
		s.press("button", "Show all students")
		s.says("300 students")
	})
	s.on(t, "everybody who matches, on all pages, becomes a job with a preview", func(t *testing.T, s screen) {
		s.press("checkbox", "Tick everybody on this page")
		s.says("50 ticked")
		s.press("button", "Tick all 300 that match")
		s.says("300 ticked")
		s.press("button", "Assign to Group")
		s.fill("Search groups", "Reading club")
		s.press("checkbox", "Reading club.*")
		s.press("button", "Assign to 1 group")
		s.finds("heading", "Change of students")
		s.says("Nothing has been changed yet.")
		s.press("button", "Cancel the job")
		s.says("Canceled.")
		s.noticeIs(n)
	})
	s.on(t, "the file behind the notice is filled in and dropped", func(t *testing.T, s screen) {
		s.press("link", "Import")
		s.finds("heading", "Import")
		s.finds("link", "Download CSV")
		s.isAccessible("import")
		file := s.catches(func() { s.press("link", "Download CSV") })
		rows := readCSV(t, file)
		if len(rows) != n+1 {
			t.Fatalf("the file has %d rows, and the notice says %d", len(rows)-1, n)
		}
		groups := admin.usableGroups()
		for _, row := range rows[1:] {
			row[8] = strings.ReplaceAll(groups[row[7]], ";", `\;`)
		}
		rows[2][8] = "no such group"
		filled := filepath.Join(t.TempDir(), "filled.csv")
		if err := os.WriteFile(filled, csvOf(rows), 0o600); err != nil {
			t.Fatal(err)
		}
		s.do(chromedp.SetUploadFiles(chromedp.CSS("input[type=file]"), []string{filled}))
		s.says("Nothing has been changed yet. 1 row will be left out.")
		s.finds("heading", "filled.csv")
		s.says("Row 2")
		s.says("UTF-8")
		s.isAccessible("a preview")
		s.noticeIs(n)
	})
	s.on(t, "Start Processing brings the number down, and tells what was refused", func(t *testing.T, s screen) {
		s.press("button", "Start Processing")
		s.says("Done, but 1 row was refused.")
		s.noticeIs(1)
		refused := readCSV(t, s.catches(func() { s.press("button", "Download refused rows") }))
		if len(refused) != 2 || refused[1][8] != "no such group" {
			t.Errorf("the refused rows are %q", refused)
		}
		s.isAccessible("a job that is done")
	})
	s.on(t, "the job is undone after a question, and stays in the list", func(t *testing.T, s screen) {
		s.press("button", "Undo")
		s.finds("dialog", "Undo this job.")
		s.press("button", "Undo everything")
		s.says("Undone. Everything is as it was before.")
		s.noticeIs(n)
		s.press("link", "Jobs")
		s.finds("heading", "Jobs")
		s.finds("link", "filled.csv.*")
		s.isAccessible("jobs")
	})
	s.on(t, "a group is renamed, and its students leave it and come back", func(t *testing.T, s screen) {
		s.press("link", "Groups")
		s.finds("heading", "Groups")
		s.isAccessible("groups")
		s.press("button", "Rename Reading club")
		s.fill("Name of the new group", "Book club")
		s.press("button", "Save")
		s.finds("heading", "Book club")
		s.press("button", "Undo")
		s.finds("heading", "Reading club")
		group := value[string](s.browser, `document.querySelector(".group a:not([aria-label^='0 '])").ariaLabel`)
		s.press("link", regexp.QuoteMeta(group))
		s.finds("checkbox", "Tick (?!everybody).*")
		count := value[int](s.browser, `parseInt(document.querySelector("h1 + p").innerText)`)
		s.press("checkbox", s.nameOf("tbody [type=checkbox]", 0))
		s.press("button", "Remove from this group")
		s.finds("status", ".*1 student has left the group.*")
		s.finds("status", fmt.Sprintf("%d students?", count-1))
		s.press("button", "Undo")
		s.finds("status", fmt.Sprintf("%d students?", count))
	})
	s.on(t, "it speaks Spanish", func(t *testing.T, s screen) {
		s.press("button", "Account of Diana Delgado")
		s.press("menuitemradio", "Español")
		s.finds("link", "Estudiantes")
		s.until("the language", `document.documentElement.lang === "es"`)
	})
	s.on(t, "signing out leads back to the form", func(t *testing.T, s screen) {
		s.press("button", "Cuenta de Diana Delgado")
		s.press("menuitem", "Cerrar sesión")
		s.finds("button", "Iniciar sesión")
	})
	s.stayedAt(server.address)
	server.stop()
}

// tickThree ticks the first student, and the third with Shift held down.
func tickThree(s screen) {
	s.t.Helper()
	s.finds("checkbox", "Tick (?!everybody).*")
	s.press("checkbox", s.nameOf("tbody [type=checkbox]", 0))
	s.press("checkbox", s.nameOf("tbody [type=checkbox]", 2), func(p *input.DispatchMouseEventParams) {
		p.Modifiers = int64(chromedp.ModifierShift)
	})
	s.says("3 ticked")
}

// firstUnassigned returns the Student ID of a student whom the notice counts.
func (c *client) firstUnassigned() string {
	c.t.Helper()
	var data struct {
		Students struct{ Nodes []struct{ ExternalID string } }
	}
	c.ask(`query ($id: ID!) {
		students(organizationId: $id, first: 1, filter: {noGroups: true, active: true}) { nodes { externalId } } }`,
		variables{"id": c.organization}, &data)
	return data.Students.Nodes[0].ExternalID
}

func readCSV(t *testing.T, file string) [][]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
