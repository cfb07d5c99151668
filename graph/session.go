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
		return ctx, presented(errSignIn)
	}
	// A database that does not answer must not keep a stranger's place occupied.
	v, err := authenticated(ctx, r.Identity, token)
	switch {
	case err == nil:
		return withLookup(ctx, v), nil
	case fault.KindOf(err) == fault.Unauthenticated:
		return ctx, presented(fault.From(err))
	default:
		return ctx, notLookedUp(ctx, r.Log, "a session", err)
	}
}

// session is the current state of a session with a subscription.
type session struct {
	identity *identity.Service
	token    string
	// id is the ID of the session or 0, and key the ID of a service key.
	id, key int

	mu     sync.Mutex
	viewer *viewer.Viewer
	// ended is true if the session has ended, lost if it has lost a role.
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

// renew updates the viewer of the session; nil if it has ended.
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

// current returns the current viewer, and a channel that is closed when it changes. The
// error is fault.Unauthenticated if the session has ended.
func (s *session) current() (*viewer.Viewer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return nil, identity.ErrSession
	}
	return s.viewer, nil
}

// change returns a channel that is closed when the session ends or its roles change.
func (s *session) change() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// confirm looks the session up, and reports whether it is unchanged.
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

// errRoles ends a subscription if the viewer has lost a role, even if the viewer would
// still see what it shows.
var errRoles = fault.Conflictf("your roles have changed; subscribe again").WithCode("ROLES_CHANGED")

// lookAs does something as the current owner of the session. If a role was lost it always
// ends with an error: with the error that something is not visible any more, if there is
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

// await returns the viewer of the answer to the next event.
func (s *session) await() *viewer.Viewer {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := *s.viewer
	s.waiting = &v
	return s.waiting
}

// arrive is called before an event is sent, because the viewer may have lost a role while
// waiting. An answer that is being computed keeps its viewer.
func (s *session) arrive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting != nil {
		*s.waiting, s.waiting = *s.viewer, nil
	}
}
