package graph

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/graph/problem"
	"github.com/openhomeroom/homeroom/internal/fault"
)

type tokenKey struct{}

// sessionPatience is how long a request waits for the database to look up its session.
const sessionPatience = 10 * time.Second

// withToken keeps the token of a request for subscriptions, which outlive the request.
func withToken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		next.ServeHTTP(w, req.WithContext(context.WithValue(req.Context(), tokenKey{}, tokenOf(req))))
	})
}

// connect finds out who has opened a WebSocket. Browsers cannot send a header with it, so
// the payload of connection_init may contain what the header would: {"authorization":
// "Bearer …"}. Without it the cookie counts.
func (r *Resolver) connect(ctx context.Context, payload map[string]any) (context.Context, *gqlerror.Error) {
	for name, value := range payload {
		if !strings.EqualFold(name, "authorization") {
			continue
		}
		text, _ := value.(string)
		token := tokenOf(&http.Request{Header: http.Header{"Authorization": {text}}})
		ctx = context.WithValue(ctx, tokenKey{}, token) //nolint:fatcontext // one header at most is this one
	}
	return r.authenticate(ctx)
}

// authenticate looks up the session of a connection again: since the last operation it may
// have ended, or its roles may have changed. Each operation gets a viewer of its own,
// because signing in fills it.
func (r *Resolver) authenticate(ctx context.Context) (context.Context, *gqlerror.Error) {
	token, _ := ctx.Value(tokenKey{}).(string)
	if token == "" {
		return ctx, problem.Presented(errSignIn)
	}
	// A database that does not answer must not keep a stranger's place occupied.
	v, err := authenticated(ctx, r.Identity, token)
	switch {
	case err == nil:
		return withLookup(ctx, v), nil
	case fault.KindOf(err) == fault.Unauthenticated:
		return ctx, problem.Presented(fault.From(err))
	default:
		return ctx, problem.NotLookedUp(ctx, r.Log, "a session", err)
	}
}
