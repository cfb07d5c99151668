package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	browserdomain "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// screen is the dashboard as a person sees it: by names and roles, without elements and
// classes.
type screen struct{ *browser }

// element is a JavaScript expression. Its value is the first element of a role, or of one
// of several roles, whose name matches a regular expression completely, or undefined. An
// alert or a status has no name; its text counts instead.
func element(role, name string) string {
	return fmt.Sprintf(`(() => {
		const wanted = new RegExp(%q, "s"), roles = %q.split("|");
		const flat = (text) => (text ?? "").replace(/\s+/g, " ").trim();
		const texts = (e) => [e.ariaLabel, e.innerText, e.labels?.[0]?.innerText,
			document.getElementById(e.getAttribute("aria-labelledby")?.split(" ")[0])?.innerText].map(flat);
		return [...document.querySelectorAll(%q)].find((e) => e.checkVisibility() &&
			texts(e).some((text) => wanted.test(text)) && roles.includes(e.computedRole) &&
			(/alert|status/.test(e.computedRole) || wanted.test(e.computedName)));
	})()`, "^(?:"+name+")$", role, candidates(role))
}

// candidates are the elements that may have a role. With many elements, the browser takes
// a tenth of a second for the role or name of each, so only those that contain the words
// are tested.
func candidates(role string) string {
	switch role {
	case "button":
		return "button"
	case "link":
		return "a[href]"
	case "checkbox":
		return "[type=checkbox]"
	case "heading":
		return "h1, h2"
	case "radio":
		return "[type=radio]"
	case "textbox", "searchbox|textbox", "spinbutton":
		return "input"
	default:
		return "[role=" + role + "]"
	}
}

// finds waits for an element.
func (s screen) finds(role, name string) {
	s.t.Helper()
	s.until(role+" "+name, element(role, name)+" !== undefined")
}

// misses waits until there is no such element.
func (s screen) misses(role, name string) {
	s.t.Helper()
	s.until("no "+role+" "+name, element(role, name)+" === undefined")
}

// says waits until the page shows a text.
func (s screen) says(text string) {
	s.t.Helper()
	s.until(text, fmt.Sprintf("document.body.innerText.includes(%q)", text))
}

// press clicks an element with the mouse, once it has stopped moving and nothing is in
// front of it.
func (s screen) press(role, name string, options ...chromedp.MouseOption) {
	s.t.Helper()
	at := fmt.Sprintf(`(() => {
		const e = %s;
		if (!e || e.matches("[disabled], [aria-disabled=true], [aria-busy=true] *")) return null;
		e.scrollIntoView({ block: "nearest" });
		const r = e.getBoundingClientRect(), x = r.x + r.width / 2, y = r.y + r.height / 2;
		const top = document.elementFromPoint(x, y);
		return top && (e.contains(top) || top.contains(e)) ? [x, y] : null;
	})()`, element(role, name))
	var last []float64
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(40 * time.Millisecond) {
		point, err := chromedp.Run(s.ctx, chromedp.Evaluate[[]float64](at))
		if err == nil && len(point) == 2 && len(last) == 2 && point[0] == last[0] && point[1] == last[1] {
			s.do(chromedp.MouseClickXY(point[0], point[1], options...))
			return
		}
		last = point
	}
	s.t.Fatalf("%s %s cannot be pressed\nthe page: %s", role, name, s.text("body"))
}

// nameOf is a regular expression of the name of one of the elements of a selector.
func (s screen) nameOf(selector string, i int) string {
	s.t.Helper()
	at := fmt.Sprintf("document.querySelectorAll(%q)[%d]", selector, i)
	s.until(selector, at+" !== undefined")
	return regexp.QuoteMeta(value[string](s.browser, at+".computedName"))
}

// fill replaces the text of a field.
func (s screen) fill(name, text string) {
	s.t.Helper()
	s.press("searchbox|textbox", name)
	s.until("the field", `document.activeElement.select(), true`)
	s.do(chromedp.KeyEvent(text))
}

// fillNumber replaces the number in a field.
func (s screen) fillNumber(name, number string) {
	s.t.Helper()
	s.press("spinbutton", name)
	s.until("the field", `document.activeElement.select(), true`)
	s.do(chromedp.KeyEvent(number))
}

// comeIn signs in at the form.
func (s screen) comeIn(email, password string) {
	s.t.Helper()
	s.fill("Email", email)
	s.fill("Password", password)
	s.press("button", "Sign in")
}

// noticeIs waits until the notice has a number.
func (s screen) noticeIs(n int) {
	s.t.Helper()
	if n == 0 {
		s.says("Every active student is in a group")
		return
	}
	noun := "Students"
	if n == 1 {
		noun = "Student"
	}
	s.finds("link", fmt.Sprintf("%d Unassigned Active %s", n, noun))
}

// axe is the checker of accessibility that npm has brought.
func axe(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../internal/dashboard/web/node_modules/axe-core/axe.min.js")
	if err != nil {
		dbtest.Lacks(t, "%v: run .ci/dashboard, which brings it", err)
	}
	return string(text)
}

// lookAtAll runs axe on the page. Two things of React Aria are left out. Announcements for
// screen readers stay for some seconds, invisibly, even if the button that they are about
// is gone. And the hidden button that closes a popover is next to the dialog, in no
// region.
const lookAtAll = `; axe.run({ exclude: "[data-live-announcer]" }, {
	runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
	rules: { region: { enabled: false } },
}).then((r) => JSON.stringify(r.violations.map((v) =>
	v.id + ": " + v.help + " " + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200)).join(" | "))))`

// isAccessible has axe look at the page, in both themes, and nothing may be cut
// off at the side.
func (s screen) isAccessible(where string) {
	s.t.Helper()
	for _, theme := range []string{"light", "dark"} {
		s.until("the theme", fmt.Sprintf(`document.documentElement.dataset.theme = %q, true`, theme))
		// What moves has another contrast on its way.
		s.until("rest", `document.getAnimations().every((a) => a.playState !== "running")`)
		found, err := chromedp.Run(s.ctx, chromedp.Evaluate[string](axe(s.t)+lookAtAll, chromedp.EvalAwaitPromise))
		if err != nil {
			s.t.Fatal(err)
		}
		var violations []string
		if err := json.Unmarshal([]byte(found), &violations); err != nil {
			s.t.Fatal(err)
		}
		for _, v := range violations {
			s.t.Errorf("%s, %s: %s", where, theme, v)
		}
		if wide := value[int](s.browser, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
			s.t.Errorf("%s, %s: the page is %d px wider than the window", where, theme, wide)
		}
	}
	s.until("the theme", `delete document.documentElement.dataset.theme`)
}

// catches has the browser keep what it downloads, and returns the file that a
// press brings.
func (s screen) catches(press func()) string {
	s.t.Helper()
	folder := s.t.TempDir()
	s.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, browserdomain.SetDownloadBehavior, browserdomain.SetDownloadBehaviorParams{
			Behavior: browserdomain.SetDownloadBehaviorBehaviorAllow, DownloadPath: folder,
		})
		return err
	}))
	press()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(30 * time.Millisecond) {
		if files, err := filepath.Glob(filepath.Join(folder, "*.csv")); err == nil && len(files) == 1 {
			return files[0]
		}
	}
	s.t.Fatal("nothing was downloaded")
	return ""
}

// mustNotComplain fails if the browser has logged an error, except for HTTP statuses that
// the dashboard handles itself.
func (s screen) mustNotComplain() {
	s.t.Helper()
	for _, c := range s.takeComplaints() {
		if !regexp.MustCompile(`401 \(Unauthorized\)`).MatchString(c) {
			s.t.Errorf("the browser complains: %s", strings.TrimSpace(c))
		}
	}
}
