package main_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// TestThePageSurvivesItsServer kills the server while it writes a file and starts another
// one: the page says so, and goes on by itself.
func TestThePageSurvivesItsServer(t *testing.T) {
	t.Parallel()
	in := installation{t: t, url: dbtest.URL(t, database.SQLite), folder: t.TempDir()}
	in.run("seed", "--students", "300")
	s := screen{openBrowser(t)}
	server := in.start("serve", shortLease, "--log-level", "warn")
	_, schools := signIn(t, server.address, "district@example.com", samplePassword).manual(1)
	rows := [][]string{{"Student ID", "First Name", "Last Name", "Username", "Grade", "School"}}
	for i := range 6000 {
		n := strconv.Itoa(i)
		rows = append(rows, []string{"K" + n, "Kim " + n, "Nova", "kim.nova" + n, "4", schools[0]})
	}
	s.do(chromedp.Navigate(server.address + "/import"))
	s.comeIn("district@example.com", samplePassword)
	s.drops(droppedFile{"many.csv", rows})
	s.says("Nothing has been changed yet.")
	s.until("a mark that a new page would not have", `window.sameAsBefore = true`)

	s.press("button", "Start Processing")
	for deadline := time.Now().Add(patience); in.state(1).status == "READY"; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the job does not start")
		}
	}
	server.kill()
	if status := in.state(1).status; status != "PROCESSING" {
		t.Fatalf("the server was killed when the job was %s already: the file is too short", status)
	}
	s.finds("status", "The server does not answer.*")
	s.isAccessible("a server that is gone")

	server = in.start("serve", shortLease, "--log-level", "warn", "--addr", strings.TrimPrefix(server.address, "http://"))
	s.says("Done. Every row was carried out.")
	s.misses("status", "The server does not answer.*")
	s.until("the count", `document.querySelector("[data-name=created] dd").innerText === "6,000"`)
	if !value[bool](s.browser, `window.sameAsBefore === true`) {
		t.Error("the page was loaded anew")
	}
	s.press("link", "Students")
	s.finds("status", "6,300 students")
	s.takeComplaints() // about requests to a server that was not there
	s.on(t, "a device without a network is told so", func(_ *testing.T, s screen) {
		s.hasNetwork(false)
		s.finds("status", "This device is offline.*")
		s.isAccessible("offline")
		s.hasNetwork(true)
		s.misses("status", "This device is offline.*")
		s.takeComplaints()
	})
	server.stop()
}

// hasNetwork takes the network from the page, or gives it back.
func (s screen) hasNetwork(has bool) {
	s.t.Helper()
	s.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: !has})
		return err
	}))
}

// TestTwoWindowsAgree has one window show what somebody does in another one, and a history
// what has just been done.
func TestTwoWindowsAgree(t *testing.T) {
	t.Parallel()
	s, server := dashboardOf(t, "300")
	other := screen{openBrowser(t)}
	n := signIn(t, server.address, "district@example.com", samplePassword).notice().Count
	for i, w := range []screen{s, other} {
		w.do(chromedp.Navigate(server.address + "/students?groups=none&active=yes"))
		w.comeIn([]string{"district@example.com", "school@example.com"}[i], samplePassword)
		w.finds("checkbox", "Tick (?!everybody).*")
	}
	// The administrator of the school sees some of the students of the district.
	count := value[int](other.browser, `parseInt(document.querySelector("h1 + p").innerText)`)
	if count == 0 || count > n {
		t.Fatalf("%d of %d students are at the school", count, n)
	}
	name := other.nameOf("tbody [type=checkbox]", 0)

	s.on(t, "a student who is assigned in one window leaves the list of the other", func(t *testing.T, s screen) {
		other.press("checkbox", name)
		other.press("button", "Assign to Group")
		other.press("button", "New group.*")
		other.fill("Name of the new group", "Reading club")
		other.pressTwice("button", "Create")
		other.press("button", "Assign to 1 group")
		other.finds("status", ".*1 student is now in Reading club.*")
		begun := time.Now()
		s.finds("status", fmt.Sprintf("%d students", n-1))
		t.Logf("the other window agreed after %v", time.Since(begun).Round(time.Millisecond))
		s.noticeIs(n - 1)
	})
	s.on(t, "a double click has made one group", func(_ *testing.T, s screen) {
		s.press("link", "Groups")
		s.fill("Search groups", "Reading club")
		s.finds("status", "1 group")
	})
	s.on(t, "a change is in the history at once", func(_ *testing.T, s screen) {
		s.press("link", "Students")
		s.press("link", s.nameOf("tbody .student-link", 0))
		s.press("button", "Show the history")
		s.until("the history", `document.querySelector(".student-page .trail, .student-page .soft") !== null`)
		s.press("button", "Edit")
		s.fill("First name", "Zuzana")
		s.press("button", "Save")
		s.until("the new entry", `document.querySelector(".trail")?.innerText.includes("Zuzana")`)
		s.press("button", "Edit")
		s.fill("First name", "Zdenka")
		s.press("button", "Save")
		s.until("the newest entry", `document.querySelector(".trail").innerText.includes("Zdenka")`)
	})
	other.mustNotComplain()
	server.stop()
}

// pressTwice clicks as somebody does who believes that everything wants a double click.
func (s screen) pressTwice(role, name string) {
	s.t.Helper()
	at := fmt.Sprintf(`(() => { const r = %s.getBoundingClientRect();
		return [r.x + r.width / 2, r.y + r.height / 2]; })()`, element(role, name))
	s.until(name, element(role, name)+` && !`+element(role, name)+`.disabled`)
	point, err := chromedp.Run(s.ctx, chromedp.Evaluate[[]float64](at))
	if err != nil {
		s.t.Fatal(err)
	}
	count := func(n int64) chromedp.MouseOption {
		return func(p *input.DispatchMouseEventParams) { p.ClickCount = n }
	}
	s.do(chromedp.MouseClickXY(point[0], point[1], count(1)), chromedp.MouseClickXY(point[0], point[1], count(2)))
}
