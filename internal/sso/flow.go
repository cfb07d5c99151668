package sso

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/httpd/page"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// cookieName begins the name of the cookie of a sign-in that has begun; see cookie.
const cookieName = "homeroom_sso"

// flow is a sign-in that has begun in a browser. It is stored in the browser's cookie.
type flow struct {
	State    string    `json:"state"`
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"`
	Expires  time.Time `json:"expires"`
	// Return is where the browser goes afterwards.
	Return string `json:"return"`
	// Challenge comes from an app, which gets a code; then Return is a link of the app,
	// and AppState is what the app wants to get back.
	Challenge string `json:"challenge,omitempty"`
	AppState  string `json:"appState,omitempty"`
}

const home = "/"

// notBegun is shown if a callback belongs to no sign-in.
const notBegun = "This sign-in began in another browser, took longer than ten minutes, or has already ended. " +
	"Begin again."

// maxAppState is how many bytes of its own state an app may send.
const maxAppState = 512

// begin sends the browser to the provider.
func (s *Service) begin(w http.ResponseWriter, r *http.Request) {
	p, ok := s.providers[r.PathValue("provider")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	f := flow{
		State:    rand.Text(),
		Nonce:    rand.Text(),
		Verifier: oauth2.GenerateVerifier(),
		Expires:  s.Now().Add(flowLifetime),
	}
	q := r.URL.Query()
	if f.Return, ok = s.target(q.Get("return")); !ok {
		s.refuse(w, http.StatusBadRequest, home, "The page to open after signing in does not belong to this server.")
		return
	}
	if link := q.Get("app"); link != "" {
		f.Return, f.Challenge, f.AppState = link, q.Get("challenge"), q.Get("state")
		if !slices.Contains(s.AppLinks, link) || !identity.IsChallenge(f.Challenge) || len(f.AppState) > maxAppState {
			s.refuse(w, http.StatusBadRequest, home,
				"This server does not know the app that sent you here. The app may need an update.")
			return
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	known, err := p.discover(ctx)
	if err != nil {
		s.unreachable(w, r, p, f.back(), err)
		return
	}
	if err := s.keep(w, r, p, f); err != nil {
		s.fail(w, r, p, err)
		return
	}
	http.Redirect(w, r, p.oauth(known).AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)),
		http.StatusSeeOther)
}

// end handles the callback, when the provider has sent the browser back.
func (s *Service) end(w http.ResponseWriter, r *http.Request) {
	p, ok := s.providers[r.PathValue("provider")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	q := r.URL.Query()
	f, ok := s.take(w, r, p)
	if !ok || subtle.ConstantTimeCompare([]byte(f.State), []byte(q.Get("state"))) != 1 {
		s.refuse(w, http.StatusBadRequest, home, notBegun)
		return
	}
	if q.Get("error") != "" || q.Get("code") == "" {
		s.Log.WarnContext(r.Context(), "a provider signed nobody in", "provider", p.Name, "error", shorten(q.Get("error")))
		s.refuse(w, http.StatusForbidden, f.back(), p.Label+" did not sign you in. Try again, or use another way.")
		return
	}
	// Somebody who has a copy of the cookie could otherwise use it again, and send the
	// provider one code after the other.
	first, err := s.Identity.Once(r.Context(), "sign-in at a provider", f.State, f.Expires)
	if err != nil {
		s.fail(w, r, p, err)
		return
	}
	if !first {
		s.refuse(w, http.StatusBadRequest, home, notBegun)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), 2*patience)
	defer cancel()
	who, err := s.ask(ctx, p, q.Get("code"), f)
	var unreachable *url.Error
	switch {
	case errors.As(err, &unreachable), errors.Is(err, context.DeadlineExceeded):
		s.unreachable(w, r, p, f.back(), err)
		return
	case err != nil:
		s.Log.WarnContext(ctx, "the answer of a provider was refused", "provider", p.Name, "error", err)
		s.refuse(w, http.StatusForbidden, f.back(),
			"The answer of "+p.Label+" cannot be used. Begin again; if it happens again, tell the person who runs this server.")
		return
	}
	if f.Challenge != "" {
		s.handOver(w, r, p, f, who)
		return
	}
	session, err := s.Identity.SignInExternally(ctx, who)
	var required *identity.StepRequired
	if errors.As(err, &required) {
		s.askSecondFactor(w, required.Step, f.Return)
		return
	}
	if err != nil {
		s.answer(w, r, p, f, err)
		return
	}
	s.SetSession(w, s.secure(r), session.Token, session.ExpiresAt)
	http.Redirect(w, r, f.Return, http.StatusSeeOther)
}

// askSecondFactor shows the page of the second step. The secret of the step is only in the
// page, and in no address.
func (s *Service) askSecondFactor(w http.ResponseWriter, step identity.Step, to string) {
	shown := page.Step{Challenge: step.Token, PasskeyOptions: step.Passkey}
	for _, m := range step.Methods {
		shown.Methods = append(shown.Methods, string(m))
	}
	s.second(w, shown, to)
}

// ask asks the provider who has signed in.
func (s *Service) ask(ctx context.Context, p *provider, code string, f flow) (identity.External, error) {
	network := viewer.OriginOf(ctx).Network()
	if err := s.busy.Wait(ctx, network, 1, 2*patience); err != nil {
		return identity.External{}, fmt.Errorf("%w: %w", err, context.DeadlineExceeded)
	}
	defer s.busy.Give(network, 1)
	known, err := p.discover(ctx)
	if err != nil {
		return identity.External{}, err
	}
	return p.exchange(ctx, known, code, f.Verifier, f.Nonce)
}

// handOver sends an app its code. What passes through the browser is useless without the
// secret that only the app knows.
func (s *Service) handOver(w http.ResponseWriter, r *http.Request, p *provider, f flow, who identity.External) {
	code, err := s.Identity.AppCode(r.Context(), who, f.Challenge)
	if err != nil {
		s.answer(w, r, p, f, err)
		return
	}
	q := url.Values{"code": {code}}
	if f.AppState != "" {
		q.Set("state", f.AppState)
	}
	http.Redirect(w, r, f.Return+"?"+q.Encode(), http.StatusSeeOther)
}

// answer shows why identity did not sign the person in.
func (s *Service) answer(w http.ResponseWriter, r *http.Request, p *provider, f flow, err error) {
	// What has just begun may have ended already, for example because of a new password.
	if refusal := fault.From(err); refusal != nil &&
		(refusal.Kind == fault.Invalid || refusal.Kind == fault.Unauthenticated) {
		s.refuse(w, http.StatusForbidden, f.back(), fault.Sentence(refusal.Message))
		return
	}
	s.fail(w, r, p, err)
}

func (s *Service) fail(w http.ResponseWriter, r *http.Request, p *provider, err error) {
	if passes := passing(err); passes != nil {
		s.Log.WarnContext(r.Context(), "sign in by a provider", "provider", p.Name, "error", err)
		w.Header().Set("Retry-After", strconv.Itoa(max(passes.RetryAfter, 5)))
		s.refuse(w, http.StatusServiceUnavailable, home, fault.Sentence(passes.Message))
		return
	}
	s.Log.ErrorContext(r.Context(), "sign in by a provider", "provider", p.Name, "error", err)
	s.refuse(w, http.StatusInternalServerError, home,
		"Something went wrong on the server. Try again; if it happens again, tell the person who runs this server.")
}

var errTooLong = fault.Unavailablef("signing in took too long, because many people are signing in at the moment; try " +
	"again")

// passing returns the message for a temporary failure, after which the person may try
// again soon, or nil.
func passing(err error) *fault.Error {
	if passes := database.Unavailable(err); passes != nil {
		return passes
	}
	if errors.Is(err, context.DeadlineExceeded) || database.TookTooLong(err) {
		return errTooLong
	}
	if passes := fault.From(err); passes != nil && passes.Kind == fault.Unavailable {
		return passes
	}
	return nil
}

func (s *Service) unreachable(w http.ResponseWriter, r *http.Request, p *provider, back string, err error) {
	s.Log.WarnContext(r.Context(), "an OpenID provider does not answer", "provider", p.Name, "issuer",
		p.Issuer, "error", err)
	w.Header().Set("Retry-After", "10")
	s.refuse(w, http.StatusServiceUnavailable, back,
		p.Label+" cannot be reached at the moment. Try again in a minute, or use another way to sign in.")
}

// back returns the page from which the person can begin again. An app has none.
func (f flow) back() string {
	if f.Challenge != "" {
		return home
	}
	return f.Return
}

// target checks the page to open after signing in.
func (s *Service) target(text string) (string, bool) {
	if text == "" {
		return home, true
	}
	// Browsers read a backslash as a slash and ignore some characters.
	if strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c == '\\' || c == 0x7f }) {
		return "", false
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.User != nil:
		return "", false
	case u.Scheme == "" && u.Host == "":
		return text, strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//")
	default:
		origin := strings.ToLower(u.Scheme + "://" + u.Host)
		return text, origin == s.PublicURL || slices.Contains(s.AllowedOrigins, origin)
	}
}

// keep stores a flow in the browser's cookie, encrypted.
func (s *Service) keep(w http.ResponseWriter, r *http.Request, p *provider, f flow) error {
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	sealed := s.aead.Seal(nil, nil, text, []byte(p.Name))
	http.SetCookie(w, s.cookie(r, p, base64.RawURLEncoding.EncodeToString(sealed), int(flowLifetime.Seconds())))
	return nil
}

// take removes the flow from the browser's cookie and returns it.
func (s *Service) take(w http.ResponseWriter, r *http.Request, p *provider) (f flow, ok bool) {
	cookie, err := r.Cookie(s.cookie(r, p, "", 0).Name)
	if err != nil {
		return f, false
	}
	http.SetCookie(w, s.cookie(r, p, "", -1))
	sealed, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil {
		return f, false
	}
	text, err := s.aead.Open(nil, nil, sealed, []byte(p.Name))
	if err != nil || json.Unmarshal(text, &f) != nil {
		return f, false
	}
	return f, f.State != "" && s.Now().Before(f.Expires)
}

// cookie returns the cookie of a sign-in. With HTTPS, browsers accept it only from exactly
// this host: another host in the same domain that could set it could make somebody finish
// a sign-in that the other one has begun. Such a cookie cannot have its own path, so its
// name includes the provider.
func (s *Service) cookie(r *http.Request, p *provider, value string, age int) *http.Cookie {
	c := &http.Cookie{
		Name: cookieName, Value: value, Path: Path + p.Name + "/", MaxAge: age,
		// Lax, because the provider's page sends the browser back.
		HttpOnly: true, Secure: s.secure(r), SameSite: http.SameSiteLaxMode,
	}
	if c.Secure {
		c.Name, c.Path = "__Host-"+cookieName+"_"+p.Name, "/"
	}
	return c
}

// shorten limits what a stranger can write into the log.
func shorten(text string) string { return text[:min(len(text), 60)] }
