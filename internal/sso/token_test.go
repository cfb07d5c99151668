package sso_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/openhomeroom/homeroom/graph"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/passwd"
	"github.com/openhomeroom/homeroom/internal/sso"
	"github.com/openhomeroom/homeroom/internal/testlog"
)

// strange is a provider that gives out whatever tokens a test wants, which a real
// one never does. The flow itself is tested with a real one, in cmd/homeroom.
type strange struct {
	*httptest.Server
	key *rsa.PrivateKey

	mu     sync.Mutex
	nonce  string
	change func(claims map[string]any, sign *signing)
	info   map[string]any

	// away makes it silent, and refuses makes it refuse each code; discovered counts
	// requests for its configuration.
	away, refuses atomic.Bool
	discovered    atomic.Int64
}

// signing is how a token is signed.
type signing struct {
	key       any
	algorithm jose.SignatureAlgorithm
	// raw replaces the whole token.
	raw string
}

func newStrange(t *testing.T) *strange {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &strange{key: key}
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(v); err != nil {
			t.Error(err)
		}
	}
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		p.discovered.Add(1)
		if p.away.Load() {
			http.Error(w, "away", http.StatusServiceUnavailable)
			return
		}
		answer(w, map[string]any{
			"issuer": p.URL, "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
			"userinfo_endpoint": p.URL + "/info", "id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, jose.JSONWebKeySet{
			Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "1", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil || len(r.PostForm.Get("code_verifier")) < 43 {
			t.Errorf("the code comes without a verifier: %v", r.PostForm)
		}
		if p.refuses.Load() {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			answer(w, map[string]any{"error": "invalid_grant", "error_description": r.PostForm.Get("code")})
			return
		}
		answer(w, map[string]any{"access_token": "a", "token_type": "Bearer", "expires_in": 60, "id_token": p.token(t)})
	})
	mux.HandleFunc("/info", func(w http.ResponseWriter, _ *http.Request) { answer(w, p.info) })
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *strange) token(t *testing.T) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	claims := map[string]any{
		"iss": p.URL, "aud": "homeroom", "sub": "1", "nonce": p.nonce, "email": "nora@example.com", "email_verified": true,
		"iat": fixture.Today.Unix(), "exp": fixture.Today.Add(time.Hour).Unix(),
	}
	s := signing{key: p.key, algorithm: jose.RS256}
	p.change(claims, &s)
	if s.raw != "" {
		return s.raw
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: s.algorithm, Key: s.key},
		(&jose.SignerOptions{}).WithHeader("kid", "1"))
	if err != nil {
		t.Error(err)
		return ""
	}
	text, err := json.Marshal(claims)
	if err != nil {
		t.Error(err)
		return ""
	}
	signed, err := signer.Sign(text)
	if err != nil {
		t.Error(err)
		return ""
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Error(err)
	}
	return token
}

// signIn goes from the button to the end, and returns the final status and message.
func (p *strange) signIn(t *testing.T, handler http.Handler, info map[string]any,
	change func(map[string]any, *signing)) (status int, text string) {
	t.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	begun, err := browser.Get(server.URL + sso.StartPath("p"))
	if err != nil {
		t.Fatal(err)
	}
	begun.Body.Close()
	to, err := begun.Location()
	if err != nil {
		t.Fatalf("status %d: %v", begun.StatusCode, err)
	}
	p.mu.Lock()
	p.nonce, p.info, p.change = to.Query().Get("nonce"), info, change
	p.mu.Unlock()
	callback := server.URL + "/account/sso/p/callback?" +
		url.Values{"code": {"c"}, "state": {to.Query().Get("state")}}.Encode()
	again, err := http.NewRequest(http.MethodGet, callback, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range jar.Cookies(again.URL) {
		again.AddCookie(cookie)
	}
	ended, err := browser.Get(callback)
	if err != nil {
		t.Fatal(err)
	}
	defer ended.Body.Close()
	if ended.StatusCode == http.StatusSeeOther {
		// Somebody has kept the cookie, and the provider gives out another code for it.
		second, err := http.DefaultTransport.RoundTrip(again)
		if err != nil {
			t.Fatal(err)
		}
		second.Body.Close()
		if len(again.Cookies()) != 1 || second.StatusCode != http.StatusBadRequest {
			t.Errorf("a sign-in that has ended ends again with status %d and %v", second.StatusCode, again.Cookies())
		}
	}
	var b strings.Builder
	if err := ended.Write(&b); err != nil {
		t.Fatal(err)
	}
	return ended.StatusCode, b.String()
}

func TestTokens(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, database.SQLite)
	fixture.New(t, d)
	p := newStrange(t)
	now := func() time.Time { return fixture.Today }
	log := testlog.New(t)
	handler, err := sso.New(sso.Options{
		Providers: []config.Provider{{
			Name:         "p",
			Label:        "P",
			Issuer:       p.URL,
			ClientID:     "homeroom",
			ClientSecret: "secret",
			Scopes:       []string{"openid", "email"},
		}},
		Secret: []byte("a secret of the tests, 32 bytes."), PublicURL: "http://homeroom.test",
		Identity: identity.New(d,
			identity.Options{
				Hasher: passwd.NewHasher(passwd.Cost{Memory: 64, Time: 1}),
				Now:    now,
				Log:    log,
				Audit:  audit.New(d, now, log),
			}),
		SetSession: graph.SetSession, Now: now, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	const in, unusable, unknown = "", "cannot be used", "No account here"
	set := func(changes map[string]any) func(map[string]any, *signing) {
		return func(claims map[string]any, _ *signing) { maps.Copy(claims, changes) }
	}
	for name, c := range map[string]struct {
		change func(map[string]any, *signing)
		info   map[string]any
		want   string
	}{
		"a token as it should be":             {set(nil), nil, in},
		"another issuer":                      {set(map[string]any{"iss": "https://evil.example.org"}), nil, unusable},
		"another audience":                    {set(map[string]any{"aud": "another"}), nil, unusable},
		"several audiences, made for us":      {set(map[string]any{"aud": []string{"homeroom", "another"}, "azp": "homeroom"}), nil, in},
		"several audiences, made for another": {set(map[string]any{"aud": []string{"homeroom", "another"}, "azp": "another"}), nil, unusable},
		"several audiences, made for nobody":  {set(map[string]any{"aud": []string{"homeroom", "another"}}), nil, unusable},
		"a token whose time is over":          {set(map[string]any{"exp": fixture.Today.Add(-time.Minute).Unix()}), nil, unusable},
		"a token without an end":              {func(c map[string]any, _ *signing) { delete(c, "exp") }, nil, unusable},
		"another nonce":                       {set(map[string]any{"nonce": "another"}), nil, unusable},
		"no nonce":                            {func(c map[string]any, _ *signing) { delete(c, "nonce") }, nil, unusable},
		"another key":                         {func(_ map[string]any, s *signing) { s.key = other }, nil, unusable},
		"a key that is the secret": {func(_ map[string]any, s *signing) {
			s.key, s.algorithm = []byte(strings.Repeat("secret", 6)), jose.HS256
		}, nil, unusable},
		"no signature":       {func(_ map[string]any, s *signing) { s.raw = "eyJhbGciOiJub25lIn0.e30." }, nil, unusable},
		"no token":           {func(_ map[string]any, s *signing) { s.raw = "nonsense" }, nil, unusable},
		"verified as a text": {set(map[string]any{"sub": "2", "email": "saul@example.com", "email_verified": "true"}), nil, in},
		"verified by the owner of the domain, as only Microsoft may say": {func(c map[string]any, _ *signing) {
			delete(c, "email_verified")
			maps.Copy(c, map[string]any{"sub": "3", "email": "dana@example.com", "xms_edov": true})
		}, nil, unknown},
		"not verified, as a text": {set(map[string]any{"sub": "4", "email": "tara@example.com", "email_verified": "false"}), nil, unknown},
		"verification is not mentioned": {func(c map[string]any, _ *signing) {
			delete(c, "email_verified")
			maps.Copy(c, map[string]any{"sub": "4", "email": "tara@example.com"})
		}, nil, unknown},
		"the address in the user info":         {func(c map[string]any, _ *signing) { delete(c, "email"); c["sub"] = "5" }, map[string]any{"sub": "5", "email": "theo@example.com", "email_verified": true}, in},
		"the user info of somebody else":       {func(c map[string]any, _ *signing) { delete(c, "email"); c["sub"] = "6" }, map[string]any{"sub": "7", "email": "bela@example.com", "email_verified": true}, unusable},
		"user info that has not been verified": {func(c map[string]any, _ *signing) { delete(c, "email"); c["sub"] = "6" }, map[string]any{"sub": "6", "email": "bela@example.com"}, unknown},
		"no subject":                           {set(map[string]any{"sub": ""}), nil, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			status, text := p.signIn(t, handler, c.info, c.change)
			begun := strings.Contains(text, "homeroom_session=")
			if c.want == in && (status != http.StatusSeeOther || !begun) ||
				c.want != in && (status != http.StatusForbidden || begun || !strings.Contains(text, c.want)) {
				t.Errorf("status %d, session %t; want %q in %s", status, begun, c.want, text)
			}
		})
	}
}
