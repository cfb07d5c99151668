// Command speed measures the dashboard of a running server in a Chromium whose CPU is
// throttled: how long the largest part of each screen takes to appear, and how long
// the page takes to answer what somebody does. The figures depend on the machine and on
// what else runs there.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "speed:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	if len(args) != 2 {
		return errors.New("usage: speed CHROMIUM ADDRESS")
	}
	profile, err := os.MkdirTemp("", "homeroom-speed")
	if err != nil {
		return err
	}
	defer os.RemoveAll(profile)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(args[0]), chromedp.NoSandbox, chromedp.UserDataDir(profile),
		chromedp.Flag("disable-component-update", true), chromedp.WindowSize(1280, 800))
	ctx, end := chromedp.NewExecAllocator(context.Background(), options...)
	defer end()
	ctx, end = chromedp.NewContext(ctx)
	defer end()
	ctx, end = context.WithTimeout(ctx, 10*time.Minute)
	defer end()
	return measure(ctx, out, args[1])
}

// watch keeps what the browser measures itself.
const watch = `
	window.speed = { lcp: 0, events: [] };
	const observe = (type, keep, more) => new PerformanceObserver((list) => list.getEntries().forEach(keep))
		.observe({ type, buffered: true, ...more });
	observe("largest-contentful-paint", (e) => { speed.lcp = e.startTime; });
	observe("event", (e) => speed.events.push(e.duration), { durationThreshold: 16 });`

const throttling = 4

func measure(ctx context.Context, out io.Writer, address string) error {
	if err := chromedp.Do(ctx,
		chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
			_, err := cdp.Call(ctx, tab, page.AddScriptToEvaluateOnNewDocument,
				page.AddScriptToEvaluateOnNewDocumentParams{Source: watch})
			return err
		}),
		chromedp.Navigate(address+"/"),
		chromedp.SendKeys(chromedp.CSS(`input[name="email"]`), "district@example.com"),
		chromedp.SendKeys(chromedp.CSS(`input[name="password"]`), "homeroom"),
		chromedp.Click(chromedp.CSS(`button[type="submit"]`)),
		chromedp.WaitVisible(chromedp.CSS(`.navigation`)),
		chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
			_, err := cdp.Call(ctx, tab, emulation.SetCPUThrottlingRate,
				emulation.SetCPUThrottlingRateParams{Rate: throttling})
			return err
		}),
	); err != nil {
		return err
	}
	for _, screen := range []struct{ path, shown string }{
		{"/students", "tbody tr"},
		{"/students?groups=none&active=yes", "tbody tr"},
		{"/groups", ".group"},
		{"/people", ".person"},
		{"/import", ".drop"},
	} {
		for range 3 {
			if err := chromedp.Do(ctx, chromedp.Navigate(address+screen.path)); err != nil {
				return err
			}
			if err := await(ctx, fmt.Sprintf(`document.querySelector(%q) !== null`, screen.shown)); err != nil {
				return err
			}
			lcp, err := quiet(ctx, "speed.lcp")
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "%-36s largest contentful paint %5.0f ms\n", screen.path, lcp)
		}
	}
	return interact(ctx, out, address)
}

// interact does what somebody does with the list of students, and reports the slowest
// answer of the page to it.
func interact(ctx context.Context, out io.Writer, address string) error {
	if err := chromedp.Do(ctx, chromedp.Navigate(address+"/students")); err != nil {
		return err
	}
	if err := await(ctx, `document.querySelectorAll("tbody tr").length === 50`); err != nil {
		return err
	}
	click := func(selector string) chromedp.Action[chromedp.Void] { return chromedp.Click(chromedp.CSS(selector)) }
	for _, step := range []struct {
		name string
		do   chromedp.Action[chromedp.Void]
	}{
		{"tick a student", click("tbody tr:nth-child(2) input")},
		{"tick the page", click("thead input")},
		{"clear", click("thead input")},
		{"sort by minutes", click(".col-minutes button")},
		{"the next page", click(".pager button:last-child")},
		{"search for a letter", chromedp.SendKeys(chromedp.CSS("input[type=search]"), "m")},
		{"search for a word", chromedp.SendKeys(chromedp.CSS("input[type=search]"), "aria")},
	} {
		if _, err := quiet(ctx, "(speed.events = [], 0)"); err != nil {
			return err
		}
		if err := chromedp.Do(ctx, step.do); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		slowest, err := quiet(ctx, "Math.max(0, ...speed.events)")
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%-36s interaction %5.0f ms\n", step.name, slowest)
	}
	return nil
}

// quiet waits until the page has nothing to do, and evaluates a number.
func quiet(ctx context.Context, expression string) (float64, error) {
	for range 3 {
		time.Sleep(400 * time.Millisecond)
		if err := await(ctx, `document.querySelector("main [aria-busy=true]") === null`); err != nil {
			return 0, err
		}
	}
	return chromedp.Run(ctx, chromedp.Evaluate[float64](expression))
}

// await waits until an expression is true.
func await(ctx context.Context, expression string) error {
	for {
		is, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
		if is || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}
