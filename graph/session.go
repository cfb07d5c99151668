package graph

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

type tokenKey struct{}

// sessionPatience is how long a request waits for the database to say who asks.
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
	v, err := authenticated(ctx, r.Identity, token)
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
	// id is that of the session, or 0 and key that of a service key.
	id, key int

	mu     sync.Mutex
	viewer *viewer.Viewer
	// ended is set where the session is no more, and lost where a role is.
	ended, lost bool
	// changed is closed when the session ends or its roles change.
	changed chan struct{}
	// waiting is the viewer of the answer to the next event, or nil.
	waiting *viewer.Viewer
}

type sessionKey struct{}

func newSession(service *identity.Service, token string, v *viewer.Viewer) *session {
	s := &session{identity: service, token: token, id: v.SessionID, viewer: v, changed: make(chan struct{})}
	if v.Key != nil {
		s.key = v.Key.ID
	}
	return s
}

func sessionOf(ctx context.Context) *session {
	s, _ := ctx.Value(sessionKey{}).(*session)
	return s
}

// renew tells the session who it is now; nil where it has ended.
func (s *session) renew(v *viewer.Viewer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case v == nil:
		s.ended = true
	case slices.Equal(v.Assignments, s.viewer.Assignments):
		return
	default:
		for _, role := range s.viewer.Assignments {
			s.lost = s.lost || !slices.Contains(v.Assignments, role)
		}
		s.viewer = v
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

// current returns the viewer as it is known now, and what ends when that changes. The
// error's kind is fault.Unauthenticated where the session has ended.
func (s *session) current() (*viewer.Viewer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return nil, identity.ErrSession
	}
	return s.viewer, nil
}

// change is closed when the session ends or its roles change.
func (s *session) change() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// confirm looks the session up, and reports whether it is as it was known.
func (s *session) confirm(ctx context.Context) (same bool, err error) {
	before, err := s.current()
	if err != nil {
		return false, err
	}
	v, err := s.identity.Check(ctx, s.token)
	if fault.KindOf(err) == fault.Unauthenticated {
		s.renew(nil)
	}
	if err != nil {
		return false, err
	}
	s.renew(v)
	after, err := s.current()
	return after == before, err
}

// errRoles ends a subscription of somebody who has lost a role and would still see
// what it shows.
var errRoles = fault.Conflictf("your roles have changed; subscribe again").WithCode("ROLES_CHANGED")

// lookAs does something as who the session belongs to now. Where a role has been lost
// it ends with an error in any case: that of what cannot be seen any more, if it is
// one.
func lookAs[T any](ctx context.Context, s *session, look func(context.Context) (T, error)) (none T, _ error) {
	v, err := s.current()
	if err != nil {
		return none, err
	}
	seen, err := look(viewer.NewContext(ctx, v))
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && s.lost {
		return none, errRoles
	}
	return seen, err
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
