package main_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// chromiumVariable names the environment variable that holds the path of a
// Chromium.
const chromiumVariable = "HOMEROOM_TEST_CHROMIUM"

// tellViolations makes the browser's complaints about the content security
// policy errors of the console.
const tellViolations = `document.addEventListener("securitypolicyviolation", (e) =>
	console.error("content security policy:", e.violatedDirective, e.blockedURI))`

// browser is a browser without a window that remembers what it was asked to load
// and what it complained about.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu                   sync.Mutex
	requests, complaints []string
}

// openBrowser starts a browser with a profile of its own, which ends with the
// test.
func openBrowser(t *testing.T) *browser {
	t.Helper()
	path := os.Getenv(chromiumVariable)
	if path == "" {
		dbtest.Lacks(t, "%s is not set: run `make test`, or put the path of a Chromium there", chromiumVariable)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1400, 900),
		// A name that is looked up all the same is not found.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"),
		// Roles and names, as a screen reader has them, can be asked of every element.
		chromedp.Flag("enable-blink-features", "ComputedAccessibilityInfo"),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-domain-reliability", true),
	)
	b := &browser{t: t}
	ctx, endAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(endAllocator)
	ctx, _ = chromedp.NewContext(ctx, chromedp.WithListener(b.hear))
	// The first action starts the browser, which lives as long as its context, so
	// that this one must have no deadline.
	if err := chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, page.AddScriptToEvaluateOnNewDocument,
			page.AddScriptToEvaluateOnNewDocumentParams{Source: tellViolations})
		return err
	})); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("the browser did not end: %v", err)
		}
	})
	var endTime context.CancelFunc
	b.ctx, endTime = context.WithTimeout(ctx, 2*patience)
	t.Cleanup(endTime)
	return b
}

func (b *browser) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *network.EventWebSocketCreated:
		b.requests = append(b.requests, e.URL)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			b.complaints = append(b.complaints, fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, (&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error())
	case *runtime.EventConsoleAPICalled:
		switch e.Type {
		case runtime.ConsoleAPICalledTypeError, runtime.ConsoleAPICalledTypeWarning, runtime.ConsoleAPICalledTypeAssert:
			var text []string
			for _, arg := range e.Args {
				text = append(text, string(arg.Value), arg.Description)
			}
			b.complaints = append(b.complaints, "console: "+strings.Join(text, " "))
		}
	}
}

// do carries out what a person does.
func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatalf("%v\nthe page: %s\ncomplaints: %q", err, b.text("body"), b.takeComplaints())
	}
}

func (b *browser) see(element chromedp.CSS) {
	b.t.Helper()
	b.until(string(element), fmt.Sprintf("document.querySelector(%q)?.checkVisibility() === true", string(element)))
}

func (b *browser) click(element chromedp.CSS) {
	b.t.Helper()
	b.see(element)
	b.do(chromedp.Click(element))
}

// write replaces the text of a field.
func (b *browser) write(field chromedp.CSS, text string) {
	b.t.Helper()
	b.until(string(field), fmt.Sprintf(`document.querySelector(%q).value = "", true`, string(field)))
	b.do(chromedp.SendKeys(field, text))
}

// text returns what can be read in an element, or why there is nothing.
func (b *browser) text(element chromedp.CSS) string {
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Text(element))
	if err != nil {
		return "(" + err.Error() + ")"
	}
	return strings.TrimSpace(text)
}

// value returns the value of a JavaScript expression.
func value[T any](b *browser, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// until waits for a JavaScript expression to become true. Between two pages there
// is a moment in which nothing can be evaluated.
func (b *browser) until(what, expression string) {
	b.t.Helper()
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(30 * time.Millisecond) {
		var yes bool
		if yes, err = chromedp.Run(b.ctx, chromedp.Evaluate[bool](expression)); yes {
			return
		}
	}
	b.t.Fatalf("%s does not come: %v\nthe page: %s\ncomplaints: %q", what, err, b.text("body"), b.takeComplaints())
}

// takeComplaints returns what the browser has complained about since the last
// time.
func (b *browser) takeComplaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	taken := b.complaints
	b.complaints = nil
	return taken
}

// stayedAt checks that nothing was ever asked of another host.
func (b *browser) stayedAt(address string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.requests) == 0 {
		b.t.Error("no request was seen")
	}
	for _, request := range b.requests {
		u, err := url.Parse(request)
		// A WebSocket is asked of the same host by another name of the protocol.
		if err != nil || u.Scheme != "data" && u.Scheme != "about" &&
			strings.Replace(u.Scheme, "ws", "http", 1)+"://"+u.Host != address {
			b.t.Errorf("the browser asks for %s", request)
		}
	}
}
