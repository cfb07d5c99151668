package main_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestPeopleInTheDashboard invites somebody, and closes and opens an account.
func TestPeopleInTheDashboard(t *testing.T) {
	t.Parallel()
	in := installation{t: t, folder: t.TempDir()}
	s, server := screen{openBrowser(t)}, in.start("demo", "--data", "sample") // which prints its mails
	s.do(chromedp.Navigate(server.address + "/people"))
	s.comeIn("district@example.com", samplePassword)
	s.on(t, "everybody is listed, and can be searched", func(t *testing.T, s screen) {
		s.finds("heading", "People")
		s.finds("status", "\\d+ people")
		s.isAccessible("people")
		s.fill("Search by name or address", "teacher@")
		s.finds("status", "1 person")
		s.press("button", "Account: .*")
		s.press("menuitemradio", "Disabled")
		s.says("Nobody matches")
		s.isAccessible("nobody")
		s.press("button", "Account: .*")
		s.press("menuitemradio", "Any account")
		s.finds("status", "1 person")
	})
	s.on(t, "an account is disabled and enabled, by the menu and by undo", func(t *testing.T, s screen) {
		teacher := value[string](s.browser, `document.querySelector(".person b").innerText`)
		s.press("button", "Actions for "+teacher)
		s.isAccessible("the actions for somebody")
		s.press("menuitem", "Disable the account")
		s.finds("dialog", "Disable the account of .*")
		s.isAccessible("disabling an account")
		s.press("button", "Disable the account")
		s.finds("status", ".*can no longer sign in.*")
		s.until("the badge", `document.querySelector(".person .badge.bad")?.innerText === "Disabled"`)
		s.isAccessible("a disabled account")
		s.press("button", "Undo")
		s.finds("status", ".*can sign in again.*")
		s.until("no badge", `document.querySelector(".person .badge.bad") === null`)
	})
	s.on(t, "somebody is invited, and told what is wrong", func(t *testing.T, s screen) {
		s.press("button", "Invite")
		s.fill("First name", "María José")
		s.fill("Last name", "عبد الرحمن")
		s.fill("Email", "teacher@example.com")
		s.isAccessible("inviting somebody")
		s.press("button", "Role: .*")
		s.press("menuitemradio", "District administrator")
		s.press("button", "Send the invitation")
		s.finds("status", ".*account.*|.*address.*")
		s.fill("Email", "maria@example.com")
		s.press("button", "Send the invitation")
		s.finds("status", ".*An invitation is on its way to maria@example.com.*")
		s.misses("dialog", "Invite somebody")
		s.fill("Search by name or address", "maria@")
		s.finds("status", "1 person")
		s.says("عبد الرحمن")
	})
	s.on(t, "nothing is cut off at 320 px, nor in Spanish", func(t *testing.T, s screen) {
		s.do(chromedp.EmulateViewport(320, 640, chromedp.EmulateMobile, chromedp.EmulateTouch))
		s.press("button", "Account of .*")
		s.press("menuitemradio", "Español")
		s.do(chromedp.KeyEvent(kb.Escape))
		s.finds("heading", "Personas")
		s.isAccessible("people at 320 px")
	})
	s.stayedAt(server.address)
	server.stop()
}
