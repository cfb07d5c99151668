package graph

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"homeroom/internal/fault"
	"homeroom/internal/identity"
	"homeroom/internal/viewer"
)

type tokenKey struct{}

// sessionPatience is how long a WebSocket waits for the database to say who asks.
const sessionPatience = 10 * time.Second

// withToken keeps the token of a request for what outlives it.
func withToken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		next.ServeHTTP(w, req.WithContext(context.WithValue(req.Context(), tokenKey{}, tokenOf(req))))
	})
}

// connect finds out who has opened a WebSocket. Browsers cannot send a header with
// it, so that the payload of connection_init may hold what Authorization would:
// {"authorization": "Bearer …"}. Without one the cookie counts.
func (r *Resolver) connect(ctx context.Context, payload map[string]any) (context.Context, *gqlerror.Error) {
	for name, value := range payload {
		if !strings.EqualFold(name, "authorization") {
			continue
		}
		text, _ := value.(string)
		token := tokenOf(&http.Request{Header: http.Header{"Authorization": {text}}})
		ctx = context.WithValue(ctx, tokenKey{}, token)
	}
	return r.authenticate(ctx)
}

// authenticate asks anew who is behind a connection: between two operations the
// session may have ended, or the roles may have changed. Each operation gets a
// viewer of its own, because signing in fills it.
func (r *Resolver) authenticate(ctx context.Context) (context.Context, *gqlerror.Error) {
	token, _ := ctx.Value(tokenKey{}).(string)
	if token == "" {
		return ctx, presented(errSignIn)
	}
	// A database that does not answer must not keep the place of a stranger.
	limited, cancel := context.WithTimeout(ctx, sessionPatience)
	defer cancel()
	v, err := r.Identity.Authenticate(limited, token)
	switch {
	case err == nil:
		return viewer.NewContext(ctx, v), nil
	case fault.KindOf(err) == fault.Unauthenticated:
		return ctx, presented(fault.From(err))
	default:
		return ctx, notLookedUp(ctx, r.Log, "a session", err)
	}
}

// session is who watches a subscription, from one moment to the next.
type session struct {
	identity *identity.Service
	token    string
	every    time.Duration

	mu      sync.Mutex
	viewer  *viewer.Viewer
	checked time.Time
	// waiting is the viewer of the answer to the next event, or nil.
	waiting *viewer.Viewer
}

type sessionKey struct{}

func sessionOf(ctx context.Context) *session {
	s, _ := ctx.Value(sessionKey{}).(*session)
	return s
}

// current returns the viewer, looked up again where the last time is too long
// ago. The error's kind is fault.Unauthenticated where the session has ended.
func (s *session) current(ctx context.Context) (*viewer.Viewer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.checked) >= s.every {
		v, err := s.identity.Check(ctx, s.token)
		if err != nil {
			return nil, err
		}
		s.viewer, s.checked = v, time.Now()
	}
	return s.viewer, nil
}

// await returns the viewer of the answer to an event that is still to come.
func (s *session) await() *viewer.Viewer {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := *s.viewer
	s.waiting = &v
	return s.waiting
}

// arrive is called before an event is sent: who waits for it may have lost a role
// since it began to wait. An answer that is being computed keeps its viewer.
func (s *session) arrive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting != nil {
		*s.waiting, s.waiting = *s.viewer, nil
	}
}
