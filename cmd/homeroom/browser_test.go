package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// TestTheStartPageWithoutTheDashboard opens the page that is at / if there is no
// dashboard.
func TestTheStartPageWithoutTheDashboard(t *testing.T) {
	t.Parallel()
	in := installation{t: t, url: dbtest.URL(t, database.SQLite), folder: t.TempDir()}
	b := openBrowser(t)
	s := in.start("serve", "--dashboard=false", "--log-level", "warn")
	b.do(chromedp.Navigate(s.address + "/"))
	if text := b.text("main"); !strings.Contains(text, "backend of an educator dashboard") ||
		!strings.Contains(text, "SQLite") {
		t.Errorf("the page says %s", text)
	}
	b.click(`a[href="/readyz"]`)
	b.until("the answer", `location.pathname === "/readyz"`)
	if text := b.text("body"); !strings.Contains(text, `"ready"`) {
		t.Errorf("the link to the readiness leads to %s", text)
	}
	b.do(chromedp.Navigate(s.address + "/"))
	b.click(`a[href="/graphiql"]`)
	b.see("#sign-in")
	if c := b.takeComplaints(); len(c) > 0 {
		t.Errorf("the browser complains: %q", c)
	}
	answer, err := http.Get(s.address + "/students")
	if status, _ := fetched(t, answer, err); status != http.StatusNotFound {
		t.Errorf("a screen of the dashboard answers %d", status)
	}
	b.stayedAt(s.address)
	s.stop()
}

func TestTheWorkbenchInABrowser(t *testing.T) {
	t.Parallel()
	in := installation{t: t, folder: t.TempDir()}
	b := openBrowser(t)
	s := in.start("demo", "--data", "sample")
	admin := signIn(t, s.address, "district@example.com", "homeroom")
	step := func(name string, do func(t *testing.T)) {
		if !t.Run(name, func(t *testing.T) {
			b.t = t
			do(t)
			if c := b.takeComplaints(); len(c) > 0 {
				t.Errorf("the browser complains: %q", c)
			}
		}) {
			t.FailNow()
		}
		b.t = t
	}

	step("GraphiQL asks who is there", func(t *testing.T) {
		b.do(chromedp.Navigate(s.address + "/graphiql"))
		b.see("#sign-in")
	})
	step("a wrong password is told, and the form stays", func(t *testing.T) {
		b.fillInForm("district@example.com", "wrong")
		b.until("the message", `document.getElementById("notice")?.textContent !== ""`)
		if text := b.text("#notice"); text != "The address or the password is wrong." {
			t.Errorf("the message is %q", text)
		}
	})
	step("an administrator signs in and finds examples in tabs", func(t *testing.T) {
		b.fillInForm("district@example.com", "homeroom")
		b.see(".graphiql-execute-button")
		if text := b.text("#who"); !strings.Contains(text, "Diana Delgado") || !strings.Contains(text, "Meadow Valley") {
			t.Errorf("the page says that %q is signed in", text)
		}
		for _, name := range []string{"WhoAmI", "UnassignedNotice", "UnassignedStudents", "AssignStudents",
			"UsageReport", "ImportJob"} {
			if tabs := b.text(".graphiql-tabs"); !strings.Contains(tabs, name) {
				t.Errorf("there is no tab %s: %s", name, tabs)
			}
		}
	})
	step("the example of unassigned students shows their names", func(t *testing.T) {
		var got struct {
			Students struct {
				TotalCount int
				Nodes      []struct{ FirstName, LastName string }
			}
			Groups struct{ Nodes []struct{ Name string } }
		}
		b.runTab("UnassignedStudents", &got)
		if got.Students.TotalCount != admin.unassigned() || len(got.Students.Nodes) != 20 || len(got.Groups.Nodes) != 20 {
			t.Errorf("%d students, %d on the page, %d groups", got.Students.TotalCount, len(got.Students.Nodes),
				len(got.Groups.Nodes))
		}
		if shown := b.text(".result-window"); len(got.Students.Nodes) == 0 ||
			!strings.Contains(shown, got.Students.Nodes[0].LastName) {
			t.Errorf("the first name cannot be read in %s", shown)
		}
	})
	step("the example of the notice tells the number of the API", func(t *testing.T) {
		var got struct{ DashboardNotifications []notice }
		b.runTab("UnassignedNotice", &got)
		want := admin.notice().Count
		if len(got.DashboardNotifications) != 1 || got.DashboardNotifications[0].Count != want {
			t.Fatalf("the notice is %+v, want %d", got, want)
		}
		if rows := download(t, admin.resolve(*got.DashboardNotifications[0].CSVURL)); len(rows) != want {
			t.Errorf("the file behind it has %d rows, want %d", len(rows), want)
		}
	})
	step("the other examples that only read answer without errors", func(t *testing.T) {
		for _, name := range []string{"WhoAmI", "UsageReport"} {
			var got map[string]any
			b.runTab(name, &got)
			if len(got) == 0 {
				t.Errorf("%s answers nothing", name)
			}
		}
	})
	step("signing out leads back to the form, and another person finds no trace", func(t *testing.T) {
		b.click("#sign-out")
		b.see("#sign-in")
		if kept := value[int](b, "sessionStorage.length + localStorage.length"); kept != 0 {
			t.Errorf("the browser keeps %d things of who has signed out", kept)
		}
	})
	step("a teacher is told that GraphiQL is for administrators", func(t *testing.T) {
		b.fillInForm("teacher@example.com", "homeroom")
		b.until("the page for teachers", `document.title.startsWith("For administrators")`)
		b.until("the name", `document.getElementById("who").textContent !== ""`)
		if text := b.text("main"); !strings.Contains(text, "GraphiQL is for administrators") ||
			!strings.Contains(text, "teacher@example.com") {
			t.Errorf("the page says %s", text)
		}
		for _, c := range b.takeComplaints() {
			// The status of the page itself, which Chromium mentions
			if !strings.Contains(c, "403 (Forbidden) "+s.address+"/graphiql") {
				t.Errorf("the browser complains: %s", c)
			}
		}
		b.click("#sign-out")
		b.see("#sign-in")
	})
	b.stayedAt(s.address)
	s.stop()
}

// fillInForm signs in with the form, as far as the form allows it.
func (b *browser) fillInForm(email, password string) {
	b.t.Helper()
	b.see("#sign-in")
	b.write("#email", email)
	b.write("#password", password+kb.Enter)
}

// runTab runs the example in a tab of GraphiQL and reads the data of its answer.
func (b *browser) runTab(name string, data any) {
	b.t.Helper()
	tab := fmt.Sprintf(`[...document.querySelectorAll(".graphiql-tab-button")].find((e) => e.textContent === %q)`, name)
	const shown = `document.querySelector(".result-window .CodeMirror").CodeMirror.getValue()`
	b.until("the tab", `(`+tab+`.click(), true)`)
	b.until("the chosen tab",
		`document.querySelector(".graphiql-tab-active, [aria-selected=true]")?.textContent.includes("`+name+`")`)
	// GraphiQL reads the operation of another tab a tenth of a second later.
	time.Sleep(400 * time.Millisecond)
	before, text := value[string](b, shown), ""
	b.click(".graphiql-execute-button")
	var answer struct {
		Data   json.RawMessage
		Errors []struct{ Message string }
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		text = value[string](b, shown)
		if text != before && json.Unmarshal([]byte(text), &answer) == nil {
			break
		}
	}
	if len(answer.Errors) > 0 || json.Unmarshal(answer.Data, data) != nil {
		b.t.Fatalf("%s answers %s", name, text)
	}
}
