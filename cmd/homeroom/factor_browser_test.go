package main_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/openhomeroom/homeroom/internal/factortest"
	"github.com/openhomeroom/homeroom/internal/testlog"
)

// holdDevice gives the browser a virtual device with a fingerprint reader that always says
// yes.
func (b *browser) holdDevice() {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		if _, err := cdp.Call(ctx, tab, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, tab, webauthn.AddVirtualAuthenticator,
			webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
				Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
				HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
			}})
		return err
	}))
}

// TestSecondFactorsInABrowser sets up passkeys and an app as a person does, and signs in with them.
func TestSecondFactorsInABrowser(t *testing.T) {
	t.Parallel()
	eachInstallation(t, func(t *testing.T, in installation) {
		in.run("seed", "--students", "300")
		s := in.start("serve", "--log-level", "warn")
		b := openBrowser(t)
		b.holdDevice()
		// A passkey belongs to a name; browsers have none for an IP address.
		local := strings.Replace(s.address, "127.0.0.1", "localhost", 1)
		security := local + "/account/security"
		var codes []string
		var secret string
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
		readCodes := func() []string {
			b.see("#new-codes")
			list := value[[]string](b, `[...document.querySelectorAll("#codes code")].map((e) => e.textContent)`)
			for _, code := range list {
				testlog.Secret(code)
			}
			return list
		}
		step("at an IP address the page says where passkeys work", func(t *testing.T) {
			b.do(chromedp.Navigate(s.address + "/account/security"))
			b.fillInForm("teacher@example.com", "homeroom")
			b.see("#no-passkeys")
			if text := b.text("#no-passkeys"); !strings.Contains(text, local) {
				t.Errorf("the page says %s", text)
			}
			b.click("#sign-out")
			b.click("#passkey")
			b.until("the message", `document.getElementById("notice").textContent.includes("`+local+`")`)
		})
		step("a person adds a passkey and gets recovery codes", func(t *testing.T) {
			b.do(chromedp.Navigate(security))
			b.fillInForm("school@example.com", "homeroom")
			b.see("#add-passkey")
			b.write("#passkey-name", "My laptop"+kb.Enter)
			if codes = readCodes(); len(codes) != 10 {
				t.Errorf("%d codes", len(codes))
			}
			b.until("its name", `document.getElementById("passkeys").textContent.includes("My laptop")`)
		})
		step("it signs in by itself, without a password", func(t *testing.T) {
			b.click("#sign-out")
			b.click("#passkey")
			b.see("#passkeys li")
		})
		step("it is the second step after the password", func(t *testing.T) {
			b.click("#sign-out")
			b.fillInForm("school@example.com", "homeroom")
			b.see("#second-step")
			b.click("#step-passkey")
			b.see("#passkeys li")
		})
		step("an app is set up by its picture or its secret", func(t *testing.T) {
			b.click("#begin-app")
			b.see("#confirm-app")
			b.until("the picture", `document.getElementById("qr").naturalWidth === 240`)
			secret = testlog.Secret(strings.ReplaceAll(b.text("#secret"), " ", ""))
			b.write("#app-code", factortest.Code(t, secret, time.Now())+kb.Enter)
			b.until("the app", `document.getElementById("app-state").textContent.startsWith("An app is set up")`)
		})
		step("a wrong code is told, and the next one signs in", func(t *testing.T) {
			b.click("#sign-out")
			b.fillInForm("school@example.com", "homeroom")
			b.see("#code")
			b.write("#code", "12345"+kb.Enter)
			b.until("the message", `document.getElementById("notice").textContent.startsWith("The code is wrong")`)
			// The code of this half minute has been used, by the set-up.
			b.write("#code", factortest.Code(t, secret, time.Now().Add(30*time.Second))+kb.Enter)
			b.see("#passkeys li")
		})
		step("a recovery code signs in once", func(t *testing.T) {
			for _, want := range []string{"#passkeys li", "#notice:not(:empty)"} {
				b.click("#sign-out")
				b.fillInForm("school@example.com", "homeroom")
				b.see("#code")
				b.write("#code", codes[0]+kb.Enter)
				b.see(chromedp.CSS(want))
			}
			b.write("#code", codes[1]+kb.Enter)
			b.see("#passkeys li")
		})
		step("a passkey that is removed opens nothing", func(t *testing.T) {
			b.click(`#passkeys button[aria-label="Remove My laptop"]`)
			b.until("the empty list", `document.querySelectorAll("#passkeys li").length === 0`)
			b.click("#sign-out")
			b.click("#passkey")
			b.until("the message", `document.getElementById("notice").textContent.startsWith("This passkey does not open")`)
		})
		step("who must have a factor and has none is led to set one up, and then to GraphiQL", func(t *testing.T) {
			in.run("settings", "second-factor-required=administrators")
			b.do(chromedp.Navigate(local + "/graphiql"))
			b.fillInForm("district@example.com", "homeroom")
			b.see("#required")
			if at := value[string](b, "location.pathname + location.search"); at != "/account/security?return=/graphiql" {
				t.Errorf("the browser is at %s", at)
			}
			b.write("#passkey-name", "Office"+kb.Enter)
			readCodes()
			b.until("no hint", `document.getElementById("required").hidden`)
			b.click("#continue")
			b.see(".graphiql-execute-button")
		})
		step("the operator lets in who has lost everything", func(t *testing.T) {
			in.run("educator", "reset-factors", "district@example.com")
			b.do(chromedp.Navigate(local + "/graphiql"))
			b.fillInForm("district@example.com", "homeroom")
			b.see("#required")
		})
		step("the page fits a phone", func(t *testing.T) {
			b.do(chromedp.EmulateViewport(360, 740))
			for _, path := range []string{"/account/security", "/graphiql"} {
				b.do(chromedp.Navigate(local + path))
				b.see("main")
				if wide := value[int](b, "document.documentElement.scrollWidth"); wide > 360 {
					t.Errorf("%s is %d pixels wide", path, wide)
				}
			}
		})
		s.stop()
	})
}
