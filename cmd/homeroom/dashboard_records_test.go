package main_test

import (
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestStudentsAreKeptInTheDashboard edits, deletes and brings back students, one of them
// and many at once.
func TestStudentsAreKeptInTheDashboard(t *testing.T) {
	t.Parallel()
	s, server := dashboardOf(t, "300")
	admin := signIn(t, server.address, "district@example.com", samplePassword)
	n := admin.notice().Count
	whom := admin.firstUnassigned()
	s.do(chromedp.Navigate(server.address + "/students?q=" + whom))
	s.comeIn("district@example.com", samplePassword)
	s.noticeIs(n)
	s.on(t, "a name in the list leads to the student", func(t *testing.T, s screen) {
		s.says("1 student")
		s.press("link", s.nameOf("tbody .student-link", 0))
		s.finds("heading", "Classes/Groups")
		s.says("Nobody sees the progress.")
		s.isAccessible("a student")
	})
	s.on(t, "the student is edited", func(t *testing.T, s screen) {
		s.press("button", "Edit")
		s.fill("First name", "Zuzana")
		s.fill("Last name", "Nováková")
		s.isAccessible("editing a student")
		s.press("button", "Save")
		s.finds("status", ".*Zuzana Nováková was changed.*")
		s.finds("heading", "Zuzana Nováková")
	})
	s.on(t, "what was wrong is said, and what was typed stays", func(t *testing.T, s screen) {
		s.press("button", "Edit")
		s.fill("Username", "x")
		s.press("button", "Save")
		s.finds("status", ".*username.*")
		s.until("the field", `document.querySelector("[role=dialog]") !== null &&
			[...document.querySelectorAll("[role=dialog] input")].some((input) => input.value === "x")`)
		s.press("button", "Cancel")
		s.misses("dialog", "Edit .*")
	})
	s.on(t, "the history says who has changed what", func(t *testing.T, s screen) {
		s.press("button", "Show the history")
		s.says("Student changed")
		s.says("Nováková")
		s.isAccessible("the history of a student")
	})
	s.on(t, "a deletion can be undone at once", func(t *testing.T, s screen) {
		s.press("button", "Delete")
		s.finds("dialog", "Delete 1 student\\?")
		s.says("For 90 days you can bring them back")
		s.isAccessible("deleting")
		s.press("button", "Delete 1 student")
		s.finds("status", ".*1 student was deleted.*")
		s.noticeIs(n - 1)
		s.press("button", "Undo")
		s.finds("status", ".*1 student is back, with their groups.*")
		s.noticeIs(n)
	})
	s.on(t, "ticked students are deleted, and brought back from the list of the deleted", func(t *testing.T, s screen) {
		s.do(chromedp.Navigate(server.address + "/students?groups=none&active=yes"))
		tickThree(s)
		s.press("button", "Bulk Actions")
		s.press("menuitem", "Delete")
		s.press("button", "Delete 3 students")
		s.finds("status", ".*3 students were deleted.*")
		s.noticeIs(n - 3)
		s.press("link", "Deleted students")
		s.finds("heading", "Deleted students")
		s.until("three of them", `document.querySelectorAll(".deleted > li").length === 3`)
		s.isAccessible("deleted students")
		for i := range 3 {
			s.press("checkbox", s.nameOf(".deleted [type=checkbox]", i))
		}
		s.press("button", "Bring back 3 students")
		s.finds("status", ".*3 students are back.*")
		s.says("Nobody was deleted")
		s.noticeIs(n)
		if got := admin.notice().Count; got != n {
			t.Errorf("the server counts %d", got)
		}
	})
	s.on(t, "a bulk edit shows a preview, is started and undone", func(t *testing.T, s screen) {
		s.do(chromedp.Navigate(server.address + "/students?groups=none&active=yes"))
		tickThree(s)
		s.press("button", "Bulk Actions")
		s.press("menuitem", "Bulk Edit")
		s.finds("dialog", "Edit 3 students")
		s.isAccessible("a bulk edit")
		s.press("button", "Grade: .*")
		s.press("menuitemradio", "12")
		s.misses("menu", "Grade")
		s.press("button", "Preview changes")
		s.finds("heading", "Change of students")
		s.press("button", "Start Processing")
		s.says("Done. Every row was carried out.")
		s.press("button", "Undo")
		s.finds("dialog", "Undo this job\\?")
		s.press("button", "Undo everything")
		s.says("Undone. Everything is as it was before.")
	})
	s.stayedAt(server.address)
	server.stop()
}

// TestSettingsAndAuditInTheDashboard changes settings, one of which waits for a second
// administrator, and finds both in the trail.
func TestSettingsAndAuditInTheDashboard(t *testing.T) {
	t.Parallel()
	s, server := dashboardOf(t, "300")
	s.do(chromedp.Navigate(server.address + "/settings"))
	s.comeIn("district@example.com", samplePassword)
	s.on(t, "a setting is changed and holds at once", func(t *testing.T, s screen) {
		s.finds("heading", "Settings")
		s.isAccessible("settings")
		s.fillNumber("Goal in minutes a week", "80")
		s.press("button", "Save")
		s.finds("status", ".*The settings were saved.*")
		s.press("link", "Usage")
		s.says("80 minutes")
	})
	s.on(t, "what is less strict waits, and can be withdrawn", func(t *testing.T, s screen) {
		s.press("link", "Settings")
		s.fillNumber("Percentage of deleted students", "50")
		s.press("button", "Save")
		s.finds("heading", "Waiting for approval")
		s.isAccessible("a pending setting")
		s.press("button", "Approve")
		s.finds("status", ".+administrator.*")
		s.finds("heading", "Waiting for approval")
		s.press("button", "Withdraw")
		s.misses("heading", "Waiting for approval")
	})
	s.on(t, "an impossible value is not sent", func(t *testing.T, s screen) {
		s.fillNumber("Percentage of changed students", "0")
		s.press("button", "Save")
		s.until("the complaint of the field", `document.querySelector("input:invalid") !== null`)
		s.press("button", "Discard")
	})
	s.on(t, "the trail has it all, and its CSV too", func(t *testing.T, s screen) {
		s.press("link", "Audit")
		s.finds("heading", "Audit")
		for _, what := range []string{"Settings changed", "Setting waits for approval", "Pending setting withdrawn",
			"Signed in"} {
			s.says(what)
		}
		s.isAccessible("the audit trail")
		s.press("button", "What happened: .*")
		s.press("menuitemcheckbox", "Signed in")
		s.do(chromedp.KeyEvent(kb.Escape))
		s.until("fewer entries", `!document.querySelector(".trail").innerText.includes("Settings changed") &&
			document.querySelector(".trail").innerText.includes("Signed in")`)
		for i, row := range readCSV(t, s.catches(func() { s.press("button", "Download CSV") }))[1:] {
			if !slices.Contains(row, "SIGNED_IN") {
				t.Errorf("row %d of the CSV: %q", i+1, row)
			}
		}
	})
	s.stayedAt(server.address)
	server.stop()
}
