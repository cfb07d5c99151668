package main_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/openhomeroom/homeroom/internal/factortest"
)

// TestTheDashboardOfATeacherOnAPhone assigns a student with fingers, at a server that
// runs nothing but registered operations.
func TestTheDashboardOfATeacherOnAPhone(t *testing.T) {
	t.Parallel()
	s, server := dashboardOf(t, "300", "--operations", "registered")
	s.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch))
	s.on(t, "a teacher sees the own screens and no notice", func(t *testing.T, s screen) {
		s.do(chromedp.Navigate(server.address + "/jobs"))
		s.comeIn("teacher@example.com", samplePassword)
		s.finds("link", "Students")
		s.finds("link", "My groups")
		s.finds("link", "Import")
		s.finds("heading", "Students")
		s.misses("link", "Jobs")
		s.misses("link", "Usage")
		s.misses("link", ".*Unassigned.*")
		s.misses("button", "Download CSV")
		s.isAccessible("the list of a teacher")
	})
	s.on(t, "who is in no group is found by the box, and assigned", func(t *testing.T, s screen) {
		s.press("button", "Classes/Groups: .*")
		s.press("checkbox", "No Classes/Groups")
		s.until("the address", `new URLSearchParams(location.search).get("groups") === "none"`)
		s.isAccessible("the filter of groups")
		s.do(chromedp.KeyEvent(kb.Escape))
		s.misses("dialog", "Classes/Groups")
		s.until("the list", `document.querySelectorAll("tbody tr").length > 0 &&
			document.querySelectorAll("tbody .badge.pine").length === 0`)
		before := value[int](s.browser, `parseInt(document.querySelector("h1 + p").innerText)`)
		s.press("checkbox", s.nameOf("tbody [type=checkbox]", 0))
		s.press("button", "Assign to Group")
		s.finds("dialog", "Assign 1 student")
		s.until("a group", `document.querySelector("[role=dialog] [type=checkbox]:enabled") !== null`)
		s.press("checkbox", s.nameOf("[role=dialog] [type=checkbox]:enabled", 0))
		s.press("button", "Assign to 1 group")
		s.finds("status", ".*1 student is now in .*")
		s.finds("status", fmt.Sprintf("%d students?", before-1))
	})
	s.on(t, "nothing is cut off at 320 px, nor in Spanish", func(t *testing.T, s screen) {
		s.do(chromedp.EmulateViewport(320, 640, chromedp.EmulateMobile, chromedp.EmulateTouch))
		s.press("button", "Account of .*")
		s.press("menuitemradio", "Español")
		s.do(chromedp.KeyEvent(kb.Escape))
		s.finds("heading", "Estudiantes")
		s.isAccessible("the list at 320 px")
		s.press("link", "Importar")
		s.finds("heading", "Importar")
		s.isAccessible("import at 320 px")
	})
	s.stayedAt(server.address)
	server.stop()
}

// TestASessionThatEndsInTheMiddle ends the session while somebody chooses a group.
func TestASessionThatEndsInTheMiddle(t *testing.T) {
	t.Parallel()
	s, server := dashboardOf(t, "300")
	admin := signIn(t, server.address, "district@example.com", samplePassword)
	n := admin.notice().Count
	s.do(chromedp.Navigate(server.address + "/students?groups=none&active=yes"))
	s.comeIn("district@example.com", samplePassword)
	s.noticeIs(n)
	tickThree(s)
	s.press("button", "Assign to Group")
	s.press("button", "New group.*")
	s.fill("Name of the new group", "Reading club")
	s.press("button", "Create")
	s.finds("button", "Assign to 1 group")

	var ended struct {
		RevokeOtherSessions struct{ RevokedIDs []string }
	}
	admin.ask(`mutation { revokeOtherSessions { revokedIds } }`, nil, &ended)
	if len(ended.RevokeOtherSessions.RevokedIDs) != 1 {
		t.Fatalf("%d sessions were ended", len(ended.RevokeOtherSessions.RevokedIDs))
	}
	s.finds("dialog", "Your session has ended")
	s.isAccessible("signing in again")
	s.fill("Password", samplePassword)
	s.press("button", "Sign in")
	s.misses("dialog", "Your session has ended")
	s.press("button", "Assign to 1 group")
	s.finds("status", ".*3 students are now in Reading club.*")
	s.noticeIs(n - 3)
	s.mustNotComplain()
	s.stayedAt(server.address)
	server.stop()
}

// TestASecondAdministratorApprovesInTheDashboard has an administrator of a school
// change everybody, and one of the district, who shows a second factor, look at it.
func TestASecondAdministratorApprovesInTheDashboard(t *testing.T) {
	t.Parallel()
	s, server := dashboardOf(t, "300")
	first := signIn(t, server.address, "school@example.com", samplePassword)
	var found struct {
		Students struct{ Nodes []struct{ ID string } }
	}
	first.ask(`query ($id: ID!) { students(organizationId: $id, first: 500, filter: {synced: false}) { nodes { id } } }`,
		variables{"id": first.organization}, &found)
	rows := [][]string{{"Database ID", "First Name"}}
	for _, student := range found.Students.Nodes {
		rows = append(rows, []string{student.ID, "Renamed"})
	}
	waits := first.wait(first.submitFile("renamed.csv", csvOf(rows)), "READY")
	if held := first.begin(waits.ID); held.Job == nil || held.Job.Status != "HELD" {
		t.Fatalf("the job is not held: %+v", held)
	}

	app := setUpApp(t, server.address, "district@example.com")
	s.do(chromedp.Navigate(server.address + "/jobs/" + waits.ID))
	s.comeIn(app.email, samplePassword)
	s.finds("textbox", "Code")
	s.isAccessible("the second factor")
	s.fill("Code", "000000")
	s.press("button", "Continue")
	s.finds("alert", ".+")
	s.fill("Code", factortest.Code(t, app.secret, time.Now().Add(30*time.Second)))
	s.press("button", "Continue")
	s.finds("heading", "renamed.csv")
	s.finds("status", "Needs approval")
	s.says("a second administrator of")
	s.isAccessible("a job that is held")
	s.press("button", "Approve")
	s.says("Done. Every row was carried out.")
	s.mustNotComplain()
	server.stop()
}
