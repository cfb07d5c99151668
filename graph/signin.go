package graph

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/graph/problem"
	"github.com/openhomeroom/homeroom/graph/share"
	"github.com/openhomeroom/homeroom/graph/trail"
	"github.com/openhomeroom/homeroom/graph/transport"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

const (
	// cookieName is the cookie of browser sessions; see sessionCookie.
	cookieName = "homeroom_session"
	// devicesCookie is the cookie that remembers, after a session, for which accounts the
	// browser is known. It does not open them.
	devicesCookie = "homeroom_devices"
)

func (r mutationResolver) SignIn(ctx context.Context, in model.SignInInput) (*model.SignInPayload, error) {
	s, err := r.Identity.SignIn(ctx, in.Email, in.Password)
	return r.signedIn(ctx, s, err)
}

func (r mutationResolver) SignInWithCode(ctx context.Context,
	in model.SignInWithCodeInput) (*model.SignInPayload, error) {
	s, err := r.Identity.SignInWithCode(ctx, in.Code, in.Verifier)
	return r.signedIn(ctx, s, err)
}

func (r queryResolver) SignInProviders(context.Context) ([]*model.SignInProvider, error) {
	return append([]*model.SignInProvider{}, r.Providers...), nil
}

// signedIn answers with a session that has started.
func (r mutationResolver) signedIn(ctx context.Context, s identity.Session, err error) (*model.SignInPayload, error) {
	if err != nil {
		// A failure that identity has not recorded for an account counts as guessing.
		if f := fault.From(err); f != nil && (f.Code == "CODE_ENDED" || f.Code == "CHALLENGE_ENDED") {
			trail.NoteFault(ctx, err)
		}
		payload := &model.SignInPayload{}
		var required *identity.StepRequired
		if errors.As(err, &required) {
			payload.SecondFactor = toStep(required.Step)
		}
		payload.UserErrors, err = problem.Mendable(err)
		return payload, err
	}
	setCookie(ctx, s.Token, s.ExpiresAt)
	keepDevices(ctx, s.Devices)
	// The rest of the answer is read by the person who has just signed in.
	*viewer.FromContext(ctx) = *s.Viewer
	v, err := r.currentViewer(ctx)
	return &model.SignInPayload{Viewer: v, Token: &s.Token, ExpiresAt: &s.ExpiresAt, UserErrors: []*model.UserError{}}, err
}

func toStep(s identity.Step) *model.SecondFactorStep {
	return &model.SecondFactorStep{
		Challenge: s.Token, ExpiresAt: s.ExpiresAt, PasskeyOptions: known(s.Passkey),
		Methods: all(s.Methods, func(m identity.Method) model.SecondFactorMethod { return model.SecondFactorMethod(m) }),
	}
}

func (r mutationResolver) SignOut(ctx context.Context) (bool, error) {
	done, err := r.Identity.SignOut(ctx)
	setCookie(ctx, "", time.Unix(0, 0))
	return done, err
}

// exchange is what a resolver may know of the HTTP request.
type exchange struct {
	w      http.ResponseWriter
	secure bool
}

type exchangeKey struct{}

func setCookie(ctx context.Context, token string, expires time.Time) {
	t, ok := ctx.Value(exchangeKey{}).(exchange)
	if !ok {
		return
	}
	SetSession(t.w, t.secure, token, expires)
}

// sessionCookie returns the name of the cookie of browser sessions. With HTTPS it has a
// prefix: browsers accept such a cookie only from exactly this host, and over HTTPS. So
// neither another host in the same domain nor somebody in the network can make a browser
// use another session. The name without the prefix is not read then, because anybody could
// set it.
func sessionCookie(secure bool) string {
	if secure {
		return "__Host-" + cookieName
	}
	return cookieName
}

// SetSession sets the cookie of a session in a browser, or removes it if the token is
// empty.
func SetSession(w http.ResponseWriter, secure bool, token string, expires time.Time) {
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie(secure), Value: token, Path: "/", Expires: expires,
		HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode,
	})
}

// keepDevices makes the browser remember for which accounts it is known.
func keepDevices(ctx context.Context, devices string) {
	t, ok := ctx.Value(exchangeKey{}).(exchange)
	if !ok || devices == "" {
		return
	}
	http.SetCookie(t.w, &http.Cookie{
		Name: devicesCookie, Value: devices, Path: "/graphql", MaxAge: int(identity.KnownFor.Seconds()),
		HttpOnly: true, Secure: t.secure, SameSite: http.SameSiteStrictMode,
	})
}

// Authenticate puts the viewer of a bearer token or a session cookie into the context of a
// request. A request with neither, or with one that has expired, continues without a
// viewer; what needs one refuses it. If the database does not answer, the client gets the
// same error as for an operation.
func Authenticate(service *identity.Service, secure bool, log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		ctx := context.WithValue(req.Context(), exchangeKey{}, exchange{w: w, secure: secure || req.TLS != nil})
		if c, err := req.Cookie(devicesCookie); err == nil {
			ctx = identity.WithDevices(ctx, c.Value)
		}
		token := tokenOf(req.WithContext(ctx))
		if token != "" {
			v, err := authenticated(ctx, service, token)
			switch {
			case err == nil && viewer.Tell(ctx, v) != nil:
				transport.Refuse(w, req, share.ErrTooManyRequests)
				return
			case err == nil:
				ctx = withLookup(ctx, v)
			case fault.KindOf(err) != fault.Unauthenticated:
				transport.Refuse(w, req, problem.NotLookedUp(ctx, log, "a session", err))
				return
			}
		}
		next.ServeHTTP(w, req.WithContext(ctx))
	})
}

// authenticated looks up a session, with a time limit of its own. A stream has none, and
// clients that reconnect again and again to a database that hangs would pile up.
func authenticated(ctx context.Context, service *identity.Service, token string) (*viewer.Viewer, error) {
	ctx, cancel := context.WithTimeout(ctx, sessionPatience)
	defer cancel()
	return service.Authenticate(ctx, token)
}

func tokenOf(req *http.Request) string {
	if scheme, token, ok := strings.Cut(req.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	t, _ := req.Context().Value(exchangeKey{}).(exchange)
	if c, err := req.Cookie(sessionCookie(t.secure)); err == nil {
		return c.Value
	}
	return ""
}
