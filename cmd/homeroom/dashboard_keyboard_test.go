package main_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// tabTo presses Tab until an element has the focus, like a person without a mouse. The
// whole page has fewer stops than the limit.
func (s screen) tabTo(role, name string) {
	s.t.Helper()
	s.finds(role, name)
	for range 200 {
		s.do(chromedp.KeyEvent(kb.Tab))
		if value[bool](s.browser, element(role, name)+" === document.activeElement") {
			return
		}
	}
	s.t.Fatalf("%s %s is not reached by Tab", role, name)
}

func (s screen) keys(keys string) {
	s.t.Helper()
	s.do(chromedp.KeyEvent(keys))
}

// TestTheMainJobByKeyboardAlone signs in, follows the notice, ticks, assigns to a new
// group and takes it back, without a mouse.
func TestTheMainJobByKeyboardAlone(t *testing.T) {
	t.Parallel()
	s, server := dashboardOf(t, "300")
	n := signIn(t, server.address, "district@example.com", samplePassword).notice().Count
	s.do(chromedp.Navigate(server.address + "/"))
	s.tabTo("textbox", "Email")
	s.keys("district@example.com")
	s.tabTo("textbox", "Password")
	s.keys(samplePassword + kb.Enter)
	s.noticeIs(n)
	s.says("Usage by school or group") // what still loads may be drawn anew under the focus
	s.tabTo("link", "Skip to the content")
	s.tabTo("link", fmt.Sprintf("%d Unassigned Active Students", n))
	s.keys(kb.Enter)
	// The heading of the new screen has the focus; Tab continues from there.
	s.until("the focus", `document.activeElement.tagName === "H1" && document.activeElement.innerText === "Students"`)
	s.tabTo("checkbox", s.nameOf("tbody [type=checkbox]", 1))
	s.keys(" ")
	s.says("1 ticked")
	s.tabTo("button", "Assign to Group")
	s.keys(kb.Enter)
	s.finds("dialog", "Assign 1 student")
	s.until("the focus", `document.activeElement.closest("[role=dialog]") !== null`)
	s.tabTo("button", "New group.*")
	s.keys(kb.Enter)
	s.until("the field", `document.activeElement.matches("[role=dialog] input")`)
	s.keys("Reading club")
	s.tabTo("button", "Create")
	s.keys(kb.Enter)
	s.tabTo("button", "Assign to 1 group")
	s.keys(kb.Enter)
	s.finds("status", ".*1 student is now in Reading club.*")
	s.noticeIs(n - 1)
	s.tabTo("button", "Undo")
	s.keys(kb.Enter)
	s.noticeIs(n)
	if left := value[string](s.browser, "document.activeElement.tagName"); strings.EqualFold(left, "html") {
		t.Error("the focus is lost")
	}
	s.mustNotComplain()
	server.stop()
}
