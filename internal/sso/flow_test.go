package sso_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/graph"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/passwd"
	"github.com/openhomeroom/homeroom/internal/seal"
	"github.com/openhomeroom/homeroom/internal/sso"
	"github.com/openhomeroom/homeroom/internal/testlog"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

const (
	appLink   = "com.example.app:/signed-in"
	elsewhere = "https://dashboard.example.org"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// sealed is the name of the cookie of a sign-in with HTTPS.
const sealed = "__Host-homeroom_sso_p"

// flows is a service with the strange provider, under the names p and q, and a browser.
type flows struct {
	*strange
	*fixture.World
	handler http.Handler
	cookies map[string]*http.Cookie
	// set are the cookies of the last answer, later is how much time has passed.
	set   []*http.Cookie
	later atomic.Int64
	log   bytes.Buffer
}

func newFlows(t *testing.T, change ...func(*sso.Options)) *flows {
	t.Helper()
	d := dbtest.Open(t, database.SQLite)
	f := &flows{strange: newStrange(t), World: fixture.New(t, d), cookies: map[string]*http.Cookie{}}
	f.change = func(map[string]any, *signing) {}
	p := config.Provider{Name: "p", Label: "P", Issuer: f.URL, ClientID: "homeroom", ClientSecret: "secret",
		Scopes: []string{"openid", "email"}}
	q := p
	q.Name = "q"
	now := func() time.Time { return fixture.Today.Add(time.Duration(f.later.Load())) }
	secret := []byte("a secret of the tests, 32 bytes.")
	factors, err := seal.NewReader(secret, nil, "factors")
	if err != nil {
		t.Fatal(err)
	}
	o := sso.Options{
		Providers: []config.Provider{p, q}, AppLinks: []string{appLink}, Secret: secret,
		PublicURL: "https://homeroom.test", AllowedOrigins: []string{elsewhere},
		Identity: identity.New(d, identity.Options{Hasher: passwd.NewHasher(passwd.Cost{Memory: 64, Time: 1}), Now: now,
			Log: testlog.New(t), Audit: audit.New(d, now, testlog.New(t)), Factors: identity.Factors{Seal: factors}}),
		SetSession: graph.SetSession, Now: now, Log: slog.New(slog.NewTextHandler(&f.log, nil)),
	}
	for _, c := range change {
		c(&o)
	}
	if f.handler, err = sso.New(o); err != nil {
		t.Fatal(err)
	}
	return f
}

// get requests a page with the browser's cookies, and keeps those that it receives.
func (f *flows) get(path string, q url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path+"?"+q.Encode(), nil)
	for _, c := range f.cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	f.set = w.Result().Cookies()
	for _, c := range f.set {
		if f.cookies[c.Name] = c; c.MaxAge < 0 {
			delete(f.cookies, c.Name)
		}
	}
	return w
}

// begin starts a sign-in and returns what the provider receives, or nothing if the server
// refused.
func (f *flows) begin(q url.Values) (told url.Values, status int) {
	w := f.get(sso.StartPath("p"), q)
	if w.Code != http.StatusSeeOther {
		return nil, w.Code
	}
	to, _ := url.Parse(w.Header().Get("Location"))
	f.mu.Lock()
	f.nonce = to.Query().Get("nonce")
	f.mu.Unlock()
	return to.Query(), w.Code
}

// end comes back from the provider.
func (f *flows) end(told url.Values) *httptest.ResponseRecorder {
	return f.get("/account/sso/p/callback", url.Values{"code": {"c"}, "state": {told.Get("state")}})
}

// TestWhereASignInGoes signs in and checks where the browser is sent. A page that does not
// belong to this server is refused before anybody signs in.
func TestWhereASignInGoes(t *testing.T) {
	t.Parallel()
	f := newFlows(t)
	for to, ok := range map[string]bool{
		"/": true, "/students?grade=3#x": true, "https://homeroom.test/students": true, elsewhere + "/a": true,
		"HTTPS://Dashboard.example.org/a": true,
		"https://evil.example/":           false, "//evil.example/": false, "///evil.example/": false, `/\evil.example/`: false, "/\t/evil.example": false,
		"/a b": false, "/a\x7f": false, "https://nora@homeroom.test/": false, "javascript:alert(1)": false, "students": false,
		"http://homeroom.test/": false, "https://homeroom.test:8443/": false, "https://homeroom.test.evil.example/": false,
		":": false,
	} {
		told, status := f.begin(url.Values{"return": {to}})
		switch {
		case !ok && (status != http.StatusBadRequest || len(f.set) > 0):
			t.Errorf("%q: status %d, cookies %v", to, status, f.set)
		case ok:
			if w := f.end(told); w.Code != http.StatusSeeOther || w.Header().Get("Location") != to {
				t.Errorf("%q: status %d, to %q", to, w.Code, w.Header().Get("Location"))
			}
		}
	}
	told, _ := f.begin(nil)
	if w := f.end(told); w.Header().Get("Location") != "/" {
		t.Errorf("without a page it goes to %q", w.Header().Get("Location"))
	}
}

// TestWhichAppsAreSentACode begins for apps that are listed and for others.
func TestWhichAppsAreSentACode(t *testing.T) {
	t.Parallel()
	f := newFlows(t)
	long := strings.Repeat("s", 512)
	for name, c := range map[string]struct {
		link, challenge, state string
		ok                     bool
	}{
		"an app that is listed":         {appLink, challenge, "", true},
		"with as much as it may say":    {appLink, challenge, long, true},
		"with one byte more":            {appLink, challenge, long + "s", false},
		"an app that is not listed":     {"com.evil.app:/signed-in", challenge, "", false},
		"an app that is only similar":   {appLink + "/x", challenge, "", false},
		"an app without a challenge":    {appLink, "", "", false},
		"a challenge that is too short": {appLink, challenge[1:], "", false},
	} {
		told, status := f.begin(url.Values{"app": {c.link}, "challenge": {c.challenge}, "state": {c.state}})
		if (status == http.StatusSeeOther) != c.ok || !c.ok && status != http.StatusBadRequest {
			t.Errorf("%s: status %d", name, status)
		}
		if !c.ok || told == nil {
			continue
		}
		to, err := url.Parse(f.end(told).Header().Get("Location"))
		q := to.Query()
		to.RawQuery = ""
		if err != nil || to.String() != appLink || len(q.Get("code")) < 40 || q.Get("state") != c.state ||
			q.Has("state") != (c.state != "") {
			t.Errorf("%s: sent to %s with %v, %v", name, to, q, err)
		}
	}
	told, _ := f.begin(url.Values{"app": {appLink}, "challenge": {challenge}})
	w := f.get("/account/sso/p/callback", url.Values{"error": {"access_denied"}, "state": {told.Get("state")}})
	if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), `href="/"`) {
		t.Errorf("after a refusal nobody begins again: %d %s", w.Code, w.Body)
	}
}

// TestWhatBeginsInABrowserEndsThere comes back in ways that are impossible for somebody
// who has begun there.
func TestWhatBeginsInABrowserEndsThere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		come   func(f *flows, told url.Values) *httptest.ResponseRecorder
		status int
	}{
		"as it should be": {(*flows).end, http.StatusSeeOther},
		"with another state": {func(f *flows, _ url.Values) *httptest.ResponseRecorder {
			return f.end(url.Values{"state": {"another"}})
		}, http.StatusBadRequest},
		"without a state": {func(f *flows, _ url.Values) *httptest.ResponseRecorder { return f.end(nil) },
			http.StatusBadRequest},
		"in another browser": {func(f *flows, told url.Values) *httptest.ResponseRecorder {
			clear(f.cookies)
			return f.end(told)
		}, http.StatusBadRequest},
		"in another browser, without a state": {func(f *flows, _ url.Values) *httptest.ResponseRecorder {
			clear(f.cookies)
			return f.end(nil)
		}, http.StatusBadRequest},
		"from another provider": {func(f *flows, told url.Values) *httptest.ResponseRecorder {
			return f.get("/account/sso/q/callback", url.Values{"code": {"c"}, "state": {told.Get("state")}})
		}, http.StatusBadRequest},
		"in the last moment": {func(f *flows, told url.Values) *httptest.ResponseRecorder {
			f.later.Store(int64(10*time.Minute - time.Second))
			return f.end(told)
		}, http.StatusSeeOther},
		"after ten minutes": {func(f *flows, told url.Values) *httptest.ResponseRecorder {
			f.later.Store(int64(10 * time.Minute))
			return f.end(told)
		}, http.StatusBadRequest},
		"a second time with a copy of the cookie": {func(f *flows, told url.Values) *httptest.ResponseRecorder {
			kept := *f.cookies[sealed]
			f.end(told)
			f.cookies[sealed] = &kept
			return f.end(told)
		}, http.StatusBadRequest},
		"a second time after the provider has refused the code": {func(f *flows, told url.Values) *httptest.ResponseRecorder {
			kept := *f.cookies[sealed]
			f.refuses.Store(true)
			f.end(told)
			f.refuses.Store(false)
			f.cookies[sealed] = &kept
			return f.end(told)
		}, http.StatusBadRequest},
		"without a code": {func(f *flows, told url.Values) *httptest.ResponseRecorder {
			return f.get("/account/sso/p/callback", url.Values{"state": {told.Get("state")}})
		}, http.StatusForbidden},
		"with a code beside a refusal": {func(f *flows, told url.Values) *httptest.ResponseRecorder {
			return f.get("/account/sso/p/callback",
				url.Values{"error": {"access_denied"}, "code": {"c"}, "state": {told.Get("state")}})
		}, http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFlows(t)
			told, status := f.begin(nil)
			if status != http.StatusSeeOther {
				t.Fatal(status)
			}
			w := c.come(f, told)
			signedIn := slices.ContainsFunc(f.set, func(c *http.Cookie) bool { return c.Name == "__Host-homeroom_session" })
			if w.Code != c.status || signedIn != (c.status == http.StatusSeeOther) {
				t.Errorf("status %d, session %t: %s", w.Code, signedIn, w.Body)
			}
		})
	}
}

// TestTheCookieOfASignIn checks to whom the cookie is sent, and that it is removed.
func TestWhoVouchesForTheOwnerOfADomain(t *testing.T) {
	t.Parallel()
	for issuer, want := range map[string]bool{
		"https://login.microsoftonline.com/9188040d/v2.0":  true,
		"https://sts.windows.net/9188040d/":                true,
		"https://login.microsoftonline.com.evil.example/x": false,
		"https://evil.example/login.microsoftonline.com":   false,
		"https://login.microsoftonline.com@evil.example/x": false,
		"http://login.microsoftonline.com/9188040d/v2.0":   false,
		"https://accounts.google.com":                      false,
	} {
		if got := sso.Verified(issuer, nil, true); got != want {
			t.Errorf("%s: got %t", issuer, got)
		}
		if sso.Verified(issuer, nil, false) || !sso.Verified(issuer, true, nil) {
			t.Errorf("%s: what it says is not taken as it is", issuer)
		}
	}
}

// TestOneNetworkKeepsNobodyFromAProvider has more people of one network than may come back
// from a provider that answers slowly, and then somebody of another network.
func TestOneNetworkKeepsNobodyFromAProvider(t *testing.T) {
	t.Parallel()
	f := newFlows(t)
	at, answers := make(chan string, 100), make(chan struct{})
	inner := f.Config.Handler
	f.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			at <- r.FormValue("code")
			<-answers
		}
		inner.ServeHTTP(w, r)
	})
	var all sync.WaitGroup
	come := func(network string) {
		clear(f.cookies)
		told, status := f.begin(nil)
		if status != http.StatusSeeOther {
			t.Fatal(status)
		}
		r := httptest.NewRequest(http.MethodGet, "/account/sso/p/callback?"+
			url.Values{"code": {network}, "state": {told.Get("state")}}.Encode(), nil)
		r.AddCookie(f.cookies[sealed])
		r = r.WithContext(viewer.WithOrigin(r.Context(), viewer.Origin{Address: netip.MustParseAddr(network)}))
		all.Go(func() { f.handler.ServeHTTP(httptest.NewRecorder(), r) })
	}
	for range 20 {
		come("198.51.100.7")
	}
	for range 8 {
		<-at
	}
	// All of them have used their sign-in up, and are at the provider or wait.
	for f.Client().SignInMark.Query().CountX(fixture.System()) < 20 {
		runtime.Gosched()
	}
	come("203.0.113.9")
	if next := <-at; next != "203.0.113.9" {
		t.Errorf("one more of the network %s has come through", next)
	}
	close(answers)
	all.Wait()
}

func TestTheCookieOfASignIn(t *testing.T) {
	t.Parallel()
	for public, want := range map[string]struct {
		secure     bool
		name, path string
	}{
		"https://homeroom.test": {true, sealed, "/"}, "http://homeroom.test": {false, "homeroom_sso", "/account/sso/p/"},
	} {
		secure := want.secure
		f := newFlows(t, func(o *sso.Options) { o.PublicURL = public })
		told, _ := f.begin(nil)
		c := f.cookies[want.name]
		if c == nil || !c.HttpOnly || c.Secure != secure || c.SameSite != http.SameSiteLaxMode ||
			c.Path != want.path || c.MaxAge != 600 {
			t.Errorf("%s: the cookie is %v", public, c)
		}
		f.end(told)
		for _, c := range f.set {
			if c.Secure != secure {
				t.Errorf("%s: the cookie is %v", public, c)
			}
		}
		if f.cookies[want.name] != nil {
			t.Errorf("%s: the cookie stays", public)
		}
	}
}

// TestWhoNeedsASecondFactorIsAskedForIt signs in somebody with an app, by a provider that
// counts as a second factor and by one that does not.
func TestWhoNeedsASecondFactorIsAskedForIt(t *testing.T) {
	t.Parallel()
	for required, status := range map[bool]int{false: http.StatusOK, true: http.StatusSeeOther} {
		f := newFlows(t, func(o *sso.Options) {
			for i := range o.Providers {
				o.Providers[i].Required, o.Providers[i].Domains = required, []string{"example.com"}
			}
		})
		f.DB.Client(fixture.System()).TotpSecret.Create().SetEducatorID(f.NorthAdmin.ID).SetSecret([]byte("x")).
			SetCreatedAt(fixture.Today).SetLastStep(0).SetLastUsedAt(fixture.Today).ExecX(fixture.System())
		told, _ := f.begin(url.Values{"return": {"/students"}})
		w := f.end(told)
		if w.Code != status || status == http.StatusOK && !strings.Contains(w.Body.String(), "/students") {
			t.Errorf("required %t: %d %s", required, w.Code, w.Body)
		}
	}
}

// TestAProviderOpensItsDomainsAlone signs in somebody whose address lies elsewhere.
func TestAProviderOpensItsDomainsAlone(t *testing.T) {
	t.Parallel()
	for domain, status := range map[string]int{"example.com": http.StatusSeeOther, "example.org": http.StatusForbidden} {
		f := newFlows(t, func(o *sso.Options) {
			for i := range o.Providers {
				o.Providers[i].Domains = []string{domain}
			}
		})
		told, _ := f.begin(nil)
		if w := f.end(told); w.Code != status {
			t.Errorf("%s: %d %s", domain, w.Code, w.Body)
		}
	}
}

// TestWhatAProviderSaysIsShortInTheLog has a provider refuse with a long text, and a code
// in what it answers.
func TestWhatAProviderSaysIsShortInTheLog(t *testing.T) {
	t.Parallel()
	f := newFlows(t)
	told, _ := f.begin(nil)
	f.get("/account/sso/p/callback", url.Values{"error": {strings.Repeat("e", 61)}, "state": {told.Get("state")}})
	log, e := f.log.String(), strings.Repeat("e", 60)
	if !strings.Contains(log, e) || strings.Contains(log, e+"e") {
		t.Errorf("the log says %s", log)
	}
	f.refuses.Store(true)
	told, _ = f.begin(nil)
	w := f.get("/account/sso/p/callback", url.Values{"code": {"a-code-of-somebody"}, "state": {told.Get("state")}})
	log = f.log.String()
	if w.Code != http.StatusForbidden || !strings.Contains(log, "invalid_grant") ||
		strings.Contains(log, "a-code-of-somebody") {
		t.Errorf("status %d; the log says %s", w.Code, log)
	}
}

// TestAProviderThatDoesNotAnswerIsLeftAloneForAMoment counts how often it is asked.
func TestAProviderThatDoesNotAnswerIsLeftAloneForAMoment(t *testing.T) {
	t.Parallel()
	f := newFlows(t)
	f.away.Store(true)
	for range 3 {
		if _, status := f.begin(nil); status != http.StatusServiceUnavailable {
			t.Errorf("status %d", status)
		}
	}
	if n := f.discovered.Load(); n != 1 {
		t.Errorf("it was asked %d times", n)
	}
	f.away.Store(false)
	f.later.Store(int64(3*time.Second - 1))
	if _, status := f.begin(nil); status != http.StatusServiceUnavailable {
		t.Errorf("it is asked again after less than three seconds: %d", status)
	}
	f.later.Store(int64(3 * time.Second))
	if _, status := f.begin(nil); status != http.StatusSeeOther || f.discovered.Load() != 2 {
		t.Errorf("it is not asked again: %d after %d", status, f.discovered.Load())
	}
}

// TestWhichDomainsAProviderBinds lists providers with the same domains.
func TestWhichDomainsAProviderBinds(t *testing.T) {
	t.Parallel()
	got := sso.ProviderOf([]config.Provider{
		{Label: "Free", Domains: []string{"a.example", "b.example"}},
		{Label: "First", Required: true, Domains: []string{"b.example", "c.example"}},
		{Label: "Second", Required: true, Domains: []string{"c.example", "d.example"}},
	})
	want := map[string]string{"b.example": "First", "c.example": "First", "d.example": "Second"}
	if len(got) != len(want) {
		t.Errorf("got %v", got)
	}
	for domain, label := range want {
		if got[domain] != label {
			t.Errorf("%s binds to %q, want %q", domain, got[domain], label)
		}
	}
}

// TestASessionThatEndsAtOnce signs in with a session that ends before it is used.
func TestASessionThatEndsAtOnce(t *testing.T) {
	t.Parallel()
	f := newFlows(t, func(o *sso.Options) {
		d := dbtest.Open(t, database.SQLite)
		fixture.New(t, d)
		var asked atomic.Int64
		now := func() time.Time { return fixture.Today.Add(time.Duration(asked.Add(1)) * time.Millisecond) }
		o.Identity = identity.New(d, identity.Options{Lifetime: 1, Now: now, Log: testlog.New(t),
			Audit: audit.New(d, o.Now, testlog.New(t))})
	})
	told, _ := f.begin(nil)
	if w := f.end(told); w.Code != http.StatusForbidden || len(f.cookies) != 0 {
		t.Errorf("status %d, cookies %v", w.Code, f.cookies)
	}
}
