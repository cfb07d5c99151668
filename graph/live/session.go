// Package live knows the sessions that have subscriptions: whether they have ended, and
// which roles they have.
package live

import (
	"context"
	"slices"
	"sync"

	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Session is the current state of a session with a subscription.
type Session struct {
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

// NewSession returns the session of a token, as somebody has just looked it up.
func NewSession(service *identity.Service, token string, v *viewer.Viewer) *Session {
	s := &Session{identity: service, token: token, id: v.SessionID, viewer: v, changed: make(chan struct{})}
	if v.Key != nil {
		s.key = v.Key.ID
	}
	return s
}

// NewContext returns a context with a session.
func NewContext(ctx context.Context, s *Session) context.Context {
	return context.WithValue(ctx, sessionKey{}, s)
}

// SessionOf returns the session of NewContext, or nil.
func SessionOf(ctx context.Context) *Session {
	s, _ := ctx.Value(sessionKey{}).(*Session)
	return s
}

// renew updates the viewer of the session; nil if it has ended.
func (s *Session) renew(v *viewer.Viewer) {
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
func (s *Session) current() (*viewer.Viewer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return nil, identity.ErrSession
	}
	return s.viewer, nil
}

// Change returns a channel that is closed when the session ends or its roles change.
func (s *Session) Change() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Confirm looks the session up, and reports whether it is unchanged.
func (s *Session) Confirm(ctx context.Context) (same bool, err error) {
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

// LookAs does something as the current owner of the session. If a role was lost it always
// ends with an error: with the error that something is not visible any more, if there is
// one.
func LookAs[T any](ctx context.Context, s *Session, look func(context.Context) (T, error)) (none T, _ error) {
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

// Await returns the viewer of the answer to the next event.
func (s *Session) Await() *viewer.Viewer {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := *s.viewer
	s.waiting = &v
	return s.waiting
}

// Arrive is called before an event is sent, because the viewer may have lost a role while
// waiting. An answer that is being computed keeps its viewer.
func (s *Session) Arrive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting != nil {
		*s.waiting, s.waiting = *s.viewer, nil
	}
}
