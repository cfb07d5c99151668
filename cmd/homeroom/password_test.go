package main_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestAForgottenPasswordInABrowser follows the link of a mail, which the demo
// prints, to a new password.
func TestAForgottenPasswordInABrowser(t *testing.T) {
	t.Parallel()
	in := installation{t: t, folder: t.TempDir()}
	b := openBrowser(t)
	s := in.start("demo", "--data", "sample")
	before := signIn(t, s.address, "teacher@example.com", "homeroom")

	before.ask(`mutation { requestPasswordReset(email: "teacher@example.com") { userErrors { code } } }`, nil, &struct{}{})
	printed := regexp.MustCompile(regexp.QuoteMeta(s.address) + `/account/set-password#\S+`)
	link := ""
	for deadline := time.Now().Add(patience); link == "" &&
		time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		link = printed.FindString(s.said.String())
	}
	if link == "" {
		t.Fatalf("no link was printed:\n%s", s.said)
	}

	b.do(chromedp.Navigate(link))
	b.see("#set-password")
	b.until("the address without the secret", `location.href.endsWith("/account/set-password")`)
	b.write("#password", "a new password")
	b.write("#again", "a new passwort")
	b.click(`#set-password button`)
	b.until("the message", `document.getElementById("notice").textContent.includes("differ")`)
	for bad, want := range map[string]string{"iloveyou": "most common", "tessa2026!": "made of the owner's name"} {
		b.write("#password", bad)
		b.write("#again", bad)
		b.click(`#set-password button`)
		b.until("the message about the password", `document.getElementById("notice").textContent.includes("`+want+`")`)
	}
	b.write("#password", "a new password")
	b.write("#again", "a new password")
	b.click(`#set-password button`)
	b.see("#done")
	if c := b.takeComplaints(); len(c) > 0 {
		t.Errorf("the browser complains: %q", c)
	}
	signIn(t, s.address, "teacher@example.com", "a new password")

	b.do(chromedp.Navigate("about:blank"))
	b.do(chromedp.Navigate(link))
	b.write("#password", "yet another one")
	b.write("#again", "yet another one")
	b.click(`#set-password button`)
	b.until("the message", `document.getElementById("notice").textContent.includes("has been used")`)
	b.do(chromedp.Navigate("about:blank"))
	b.do(chromedp.Navigate(s.address + "/account/set-password"))
	b.until("the advice", `document.getElementById("advice").textContent.includes("not complete")`)
	b.stayedAt(s.address)
	s.stop()
}
