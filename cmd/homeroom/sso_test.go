package main_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/factortest"
	"github.com/openhomeroom/homeroom/internal/testlog"
)

// visitor is somebody with a browser that keeps cookies.
type visitor struct {
	t    *testing.T
	http *http.Client
	// at is the current address of the browser, and page its content.
	at     *url.URL
	page   string
	status int
}

// newVisitor follows every redirect except those that stop names.
func newVisitor(t *testing.T, stop func(*url.URL) bool) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{t: t, http: &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if stop != nil && stop(r.URL) {
			return http.ErrUseLastResponse
		}
		return nil
	}}}
}

func (v *visitor) open(address string) {
	v.t.Helper()
	answer, err := v.http.Get(address)
	v.read(answer, err)
}

func (v *visitor) read(answer *http.Response, err error) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	v.at, v.page, v.status = answer.Request.URL, html.UnescapeString(string(body)), answer.StatusCode
	if next, err := answer.Location(); err == nil {
		v.at = next
	}
}

// enter fills in Dex's form, which the browser shows.
func (v *visitor) enter(login string) {
	v.t.Helper()
	if !strings.Contains(v.page, `name="password"`) {
		v.t.Fatalf("%s is no form of Dex: %d %s", v.at, v.status, v.page)
	}
	answer, err := v.http.PostForm(v.at.String(), url.Values{"login": {login}, "password": {login}})
	v.read(answer, err)
}

// who returns the address of the account that is signed in with this browser, or nothing,
// and how many sessions it has.
func (v *visitor) who(server string) (email string, sessions int) {
	v.t.Helper()
	request, err := http.NewRequest(http.MethodPost, server+"/graphql",
		strings.NewReader(`{"query":"{ viewer { educator { email } sessions { id } } }"}`))
	if err != nil {
		v.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := v.http.Do(request)
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	var got struct {
		Data struct {
			Viewer struct {
				Educator struct{ Email string }
				Sessions []struct{ ID string }
			}
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&got); err != nil {
		v.t.Fatal(err)
	}
	return got.Data.Viewer.Educator.Email, len(got.Data.Viewer.Sessions)
}

// school is an installation with two providers.
type school struct {
	installation
	server        *server
	address       string
	google, state *dex
}

// openSchool starts everything. State signs in addresses at state.example.org
// alone, and nobody of those by password.
func openSchool(t *testing.T, in installation, program string) *school {
	t.Helper()
	addr := freeAddress(t)
	s := &school{installation: in, address: "http://" + addr}
	s.google = startDex(t, program, s.address+"/account/sso/google/callback")
	s.state = startDex(t, program, s.address+"/account/sso/state/callback")
	providers, err := json.Marshal([]map[string]any{
		{"name": "google", "label": "Goggle & Co", "issuer": s.google.issuer, "clientId": "homeroom", "clientSecret": dexSecret},
		{"name": "state", "label": "State", "issuer": s.state.issuer, "clientId": "homeroom", "clientSecret": dexSecret,
			"domains": []string{"state.example.org"}, "required": true},
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(in.folder, "providers.json")
	if err := os.WriteFile(file, providers, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, email := range []string{"dana@example.org", "eve@example.org", "sam@state.example.org", "gone@example.org"} {
		in.run("educator", "add", email, "--name", "A B", "--role", "district-admin")
	}
	in.run("educator", "disable", "gone@example.org")
	s.server = in.start("serve", "--addr", addr, "--public-url", s.address, "--oidc-providers", file, "--app-links",
		"org.example.homeroom:/signed-in")
	return s
}

func (s *school) start(provider string) string {
	return s.address + "/account/sso/" + provider + "/start?return=/graphiql"
}

// refused expects a page with a message, and nobody signed in.
func (s *school) refused(t *testing.T, v *visitor, status int, message string) {
	t.Helper()
	if v.status != status || !strings.Contains(v.page, message) {
		t.Errorf("status %d; want %d and %q in %s", v.status, status, message, v.page)
	}
	if email, _ := v.who(s.address); email != "" {
		t.Errorf("%s is signed in", email)
	}
}

const noAccount = "No account here can be opened this way"

func TestSingleSignOn(t *testing.T) {
	t.Parallel()
	program := buildDex(t)
	t.Run("in a browser", func(t *testing.T) {
		t.Parallel()
		signInInABrowser(t, program)
	})
	eachInstallation(t, func(t *testing.T, in installation) {
		s := openSchool(t, in, program)
		said := ""
		dana := dexPerson{ID: "1", Login: "dana", Email: "Dana@Example.org", Verified: true}
		toCallback := func(u *url.URL) bool { return strings.HasSuffix(u.Path, "/callback") }

		t.Run("a browser is signed in and comes back", func(t *testing.T) {
			s.google.know(dana)
			v := newVisitor(t, nil)
			v.open(s.address + "/graphiql")
			if !strings.Contains(v.page, `href="/account/sso/google/start?return=/graphiql"`) ||
				!strings.Contains(v.page, "Sign in with Goggle & Co") {
				t.Errorf("the form has no button: %s", v.page)
			}
			v.open(s.start("google"))
			v.enter("dana")
			if v.at.String() != s.address+"/graphiql" || v.status != http.StatusOK {
				t.Fatalf("the browser stands at %s with status %d: %s", v.at, v.status, v.page)
			}
			if email, sessions := v.who(s.address); email != "dana@example.org" || sessions != 1 {
				t.Errorf("signed in as %q with %d sessions", email, sessions)
			}
		})
		t.Run("the link counts, whatever the address is", func(t *testing.T) {
			s.google.know(dexPerson{ID: "1", Login: "dana", Email: "eve@example.org", Verified: true})
			v := newVisitor(t, nil)
			v.open(s.start("google"))
			v.enter("dana")
			if email, _ := v.who(s.address); email != "dana@example.org" {
				t.Errorf("signed in as %q", email)
			}
		})
		t.Run("another person with the address of a linked account is refused, until the operator unlinks it",
			func(t *testing.T) {
				s.google.know(dexPerson{ID: "2", Login: "other", Email: "dana@example.org", Verified: true})
				v := newVisitor(t, nil)
				v.open(s.start("google"))
				v.enter("other")
				s.refused(t, v, http.StatusForbidden, noAccount)
				if !strings.Contains(s.server.said.String(), "linked to another person of the provider") {
					t.Error("the log does not say so")
				}
				s.run("educator", "unlink", "dana@example.org")
				v.open(s.start("google"))
				v.enter("other")
				if email, _ := v.who(s.address); email != "dana@example.org" {
					t.Errorf("signed in as %q", email)
				}
			})
		t.Run("whoever has no account to open gets one and the same answer", func(t *testing.T) {
			pages := map[string]bool{}
			for _, p := range []dexPerson{
				{ID: "3", Login: "unverified", Email: "eve@example.org"},
				{ID: "4", Login: "unknown", Email: "nobody@example.org", Verified: true},
				{ID: "5", Login: "disabled", Email: "gone@example.org", Verified: true},
			} {
				s.google.know(p)
				v := newVisitor(t, nil)
				v.open(s.start("google"))
				v.enter(p.Login)
				s.refused(t, v, http.StatusForbidden, noAccount)
				pages[regexp.MustCompile(`nonce="[^"]+"`).ReplaceAllString(v.page, "")] = true
			}
			if len(pages) != 1 {
				t.Errorf("there are %d different answers", len(pages))
			}
		})
		t.Run("a provider opens only the accounts of its domains, and those by nothing else", func(t *testing.T) {
			s.state.know(dexPerson{ID: "1", Login: "eve", Email: "eve@example.org", Verified: true},
				dexPerson{ID: "2", Login: "sam", Email: "sam@state.example.org", Verified: true})
			v := newVisitor(t, nil)
			v.open(s.start("state"))
			v.enter("eve")
			s.refused(t, v, http.StatusForbidden, noAccount)
			v.open(s.start("state"))
			v.enter("sam")
			if email, _ := v.who(s.address); email != "sam@state.example.org" {
				t.Errorf("signed in as %q", email)
			}
			var data struct {
				SignIn struct{ UserErrors []refusal }
			}
			c := &client{t: t, address: s.address}
			c.ask(`mutation { signIn(input: {email: "sam@state.example.org", password: "whatever it is"}) { userErrors { code
				message } } }`, nil, &data)
			if len(data.SignIn.UserErrors) != 1 || data.SignIn.UserErrors[0].Code != "SIGN_IN_WITH_PROVIDER" {
				t.Errorf("by password: %v", data.SignIn.UserErrors)
			}
		})
		t.Run("what did not begin in this browser ends nowhere", func(t *testing.T) {
			s.google.know(dexPerson{ID: "6", Login: "eve", Email: "eve@example.org", Verified: true})
			const message = "began in another browser"
			thief, owner := newVisitor(t, toCallback), newVisitor(t, toCallback)
			owner.open(s.start("google"))
			owner.enter("eve")
			address := owner.at.String()
			// Another browser, without a sign-in and with one of its own.
			thief.open(address)
			s.refused(t, thief, http.StatusBadRequest, message)
			thief.open(s.start("google"))
			thief.open(address)
			s.refused(t, thief, http.StatusBadRequest, message)
			// The own browser, with another state.
			q := owner.at.Query()
			q.Set("state", "another one")
			changed := *owner.at
			changed.RawQuery = q.Encode()
			owner.open(changed.String())
			s.refused(t, owner, http.StatusBadRequest, message)
			// The state has been used up by this.
			owner.open(address)
			s.refused(t, owner, http.StatusBadRequest, message)
		})
		t.Run("a code works once, also with the cookie of its sign-in", func(t *testing.T) {
			v := newVisitor(t, toCallback)
			v.open(s.start("google"))
			v.enter("eve")
			callback := v.at
			begun := v.http.Jar.Cookies(callback)
			v.open(callback.String())
			if email, _ := v.who(s.address); email != "eve@example.org" {
				t.Fatalf("signed in as %q", email)
			}
			again := newVisitor(t, toCallback)
			again.http.Jar.SetCookies(callback, begun)
			again.open(callback.String())
			s.refused(t, again, http.StatusBadRequest, "has already ended")
		})
		t.Run("a token with another nonce is refused", func(t *testing.T) {
			toProvider := func(u *url.URL) bool { return strings.HasSuffix(u.Path, "/dex/auth") || toCallback(u) }
			v := newVisitor(t, toProvider)
			v.open(s.start("google"))
			q := v.at.Query()
			if q.Get("nonce") == "" || q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" {
				t.Fatalf("the provider is asked by %s", v.at)
			}
			q.Set("nonce", "another one")
			v.at.RawQuery = q.Encode()
			v.http.CheckRedirect = func(r *http.Request, _ []*http.Request) error { return nil }
			v.open(v.at.String())
			v.enter("eve")
			s.refused(t, v, http.StatusForbidden, "cannot be used")
			if !strings.Contains(s.server.said.String(), "nonce") {
				t.Error("the log does not say so")
			}
		})
		t.Run("nobody is sent to a page elsewhere", func(t *testing.T) {
			for _, target := range []string{"https://evil.example.org/", "//evil.example.org", `/\evil.example.org`,
				"javascript:alert(1)", "graphiql", "https://127.0.0.1@evil.example.org"} {
				v := newVisitor(t, nil)
				v.open(s.address + "/account/sso/google/start?return=" + url.QueryEscape(target))
				s.refused(t, v, http.StatusBadRequest, "does not belong to this server")
			}
		})
		t.Run("an app takes the sign-in over by a code", func(t *testing.T) {
			const verifier = "what only the app knows, long enough"
			sum := sha256.Sum256([]byte(verifier))
			toApp := func(u *url.URL) bool { return u.Scheme == "org.example.homeroom" }
			v := newVisitor(t, toApp)
			v.open(s.address + "/account/sso/google/start?" + url.Values{
				"app": {"org.example.homeroom:/signed-in"}, "challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "state": {"the app's"},
			}.Encode())
			v.enter("eve")
			if !toApp(v.at) || v.at.Query().Get("state") != "the app's" {
				t.Fatalf("the browser stands at %s", v.at)
			}
			if email, _ := v.who(s.address); email != "" {
				t.Errorf("the browser is signed in as well, as %s", email)
			}
			use := func(verifier string) (token, code string) {
				var data struct {
					SignInWithCode struct {
						Token      string
						UserErrors []refusal
					}
				}
				c := &client{t: t, address: s.address}
				c.ask(`mutation ($input: SignInWithCodeInput!) { signInWithCode(input: $input) { token userErrors { code message } }
					}`,
					variables{"input": variables{"code": v.at.Query().Get("code"), "verifier": verifier}}, &data)
				for _, e := range data.SignInWithCode.UserErrors {
					code = e.Code
				}
				return data.SignInWithCode.Token, code
			}
			if token, code := use("another app's"); token != "" || code != "CODE_ENDED" {
				t.Errorf("another app gets %q, %s", token, code)
			}
			token, code := use(verifier)
			if token == "" || code != "" {
				t.Fatalf("the app gets %q, %s", token, code)
			}
			var data struct {
				Viewer struct{ Educator struct{ Email string } }
			}
			app := &client{t: t, address: s.address, token: token}
			app.ask(`{ viewer { educator { email } } }`, nil, &data)
			if data.Viewer.Educator.Email != "eve@example.org" {
				t.Errorf("the app is %s", data.Viewer.Educator.Email)
			}
			if token, code := use(verifier); token != "" || code != "CODE_ENDED" {
				t.Errorf("the second time gives %q, %s", token, code)
			}
			v.open(s.address + "/account/sso/google/start?app=org.example.other:/signed-in&challenge=" + strings.Repeat("a", 43))
			s.refused(t, v, http.StatusBadRequest, "does not know the app")
		})
		t.Run("the API names the ways to sign in", func(t *testing.T) {
			var data struct {
				SignInProviders []struct{ Name, Label, StartURL string }
			}
			c := &client{t: t, address: s.address}
			c.ask(`{ signInProviders { name label startUrl } }`, nil, &data)
			if len(data.SignInProviders) != 2 || data.SignInProviders[0].StartURL != s.address+"/account/sso/google/start" {
				t.Errorf("they are %+v", data.SignInProviders)
			}
		})
		t.Run("a provider that is down keeps nobody from anything else", func(t *testing.T) {
			s.state.stop()
			v := newVisitor(t, nil)
			v.open(s.start("google"))
			v.enter("eve")
			if email, _ := v.who(s.address); email != "eve@example.org" {
				t.Errorf("signed in as %q", email)
			}
			// A server that starts without the provider, and is then asked for it.
			s.server.kill()
			said = s.server.said.String()
			addr := strings.TrimPrefix(s.address, "http://")
			s.server = s.installation.start("serve", "--addr", addr, "--public-url", s.address, "--oidc-providers",
				filepath.Join(s.folder, "providers.json"))
			v = newVisitor(t, nil)
			v.open(s.start("state"))
			s.refused(t, v, http.StatusServiceUnavailable, "State cannot be reached at the moment")
			v.open(s.start("google"))
			v.enter("eve")
			if email, _ := v.who(s.address); email != "eve@example.org" {
				t.Errorf("signed in as %q", email)
			}
		})
		for _, secret := range []string{dexSecret, "dana@example.org", "eve@example.org", "code="} {
			if strings.Contains(said+s.server.said.String(), secret) {
				t.Errorf("the log tells %q", secret)
			}
		}
	})
}

// signInInABrowser clicks what TestSingleSignOn sends.
func signInInABrowser(t *testing.T, program string) {
	s := openSchool(t, installation{t: t, url: dbtest.URL(t, database.SQLite), folder: t.TempDir()}, program)
	s.google.know(dexPerson{ID: "1", Login: "dana", Email: "dana@example.org", Verified: true})
	b := openBrowser(t)
	b.do(chromedp.Navigate(s.address + "/graphiql"))
	b.click(`a[href^="/account/sso/google/start"]`)
	b.see("#login")
	b.write("#login", "dana")
	b.write("#password", "dana"+kb.Enter)
	b.see(".graphiql-execute-button")
	b.until("the name", `document.getElementById("who").title === "dana@example.org"`)
	// Google is not required here, so it does not replace a second factor.
	b.do(chromedp.Navigate(s.address + "/account/security"))
	b.until("the factors", `document.getElementById("recovery-state").textContent !== ""`)
	b.click("#begin-app")
	b.see("#confirm-app")
	secret := testlog.Secret(strings.ReplaceAll(b.text("#secret"), " ", ""))
	b.write("#app-code", factortest.Code(t, secret, time.Now())+kb.Enter)
	b.see("#new-codes")
	b.do(chromedp.Navigate(s.address + "/graphiql"))
	b.click("#sign-out")
	b.click(`a[href^="/account/sso/google/start"]`)
	b.see("#login")
	b.write("#login", "dana")
	b.write("#password", "dana"+kb.Enter)
	b.see("#code")
	b.write("#code", factortest.Code(t, secret, time.Now().Add(30*time.Second))+kb.Enter)
	b.see(".graphiql-execute-button")
	b.click("#sign-out")
	b.see("#sign-in")
	s.google.know(dexPerson{ID: "2", Login: "nobody", Email: "nobody@example.org", Verified: true})
	if c := b.takeComplaints(); len(c) > 0 {
		t.Errorf("the browser complains: %q", c)
	}
	b.click(`a[href^="/account/sso/google/start"]`)
	b.see("#login")
	b.write("#login", "nobody")
	b.write("#password", "nobody"+kb.Enter)
	b.until("the refusal", `document.title.startsWith("Not signed in")`)
	if text := b.text("main"); !strings.Contains(text, noAccount) {
		t.Errorf("the page says %s", text)
	}
	b.click(".button")
	b.see("#sign-in")
}
