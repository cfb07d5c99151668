// Command picture takes the screenshots of the dashboard for the README, from a running
// demo: make pictures.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return errors.New("usage: picture CHROMIUM ADDRESS FOLDER")
	}
	profile, err := os.MkdirTemp("", "homeroom-picture")
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
	ctx, end = context.WithTimeout(ctx, 5*time.Minute)
	defer end()
	return pictures(ctx, args[1], args[2])
}

// pictures signs in and shows the students behind the notice, in both themes.
func pictures(ctx context.Context, address, folder string) error {
	const (
		email    = chromedp.CSS(`input[name="email"]`)
		password = chromedp.CSS(`input[name="password"]`)
	)
	if err := chromedp.Do(ctx,
		chromedp.EmulateViewport(1280, 800),
		chromedp.Navigate(address+"/students?groups=none&active=yes&grades=4"),
		chromedp.SendKeys(email, "district@example.com"),
		chromedp.SendKeys(password, "homeroom"),
		chromedp.Click(chromedp.CSS(`button[type="submit"]`)),
		chromedp.WaitVisible(chromedp.CSS(`tbody tr`)),
		chromedp.Click(chromedp.CSS(`tbody tr:nth-child(2) input`)),
		chromedp.Click(chromedp.CSS(`tbody tr:nth-child(4) input`)),
		chromedp.WaitVisible(chromedp.CSS(`.selection`)),
		chromedp.WaitVisible(chromedp.CSS(`a.notice`)),
	); err != nil {
		return err
	}
	for _, theme := range []string{"light", "dark"} {
		if err := chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
			_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}},
			})
			return err
		})); err != nil {
			return err
		}
		// Wait until fonts are loaded and nothing moves.
		const rest = `document.fonts.ready
			.then(() => Promise.all(document.getAnimations().map((a) => a.finished))).then(() => 0)`
		if _, err := chromedp.Run(ctx, chromedp.Evaluate[int](rest, chromedp.EvalAwaitPromise)); err != nil {
			return err
		}
		picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
		if err != nil {
			return err
		}
		name := filepath.Join(folder, "dashboard-"+theme+".png")
		//nolint:gosec // whoever runs the command names the folder
		if err := os.WriteFile(name, picture, 0o600); err != nil {
			return err
		}
	}
	return nil
}
