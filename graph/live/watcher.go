package live

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Watcher checks sessions with subscriptions from time to time: whether they have ended,
// and which roles they have. One statement checks all sessions, and another all service
// keys. A session may end on any server, so the database has to be asked.
type Watcher struct {
	identity *identity.Service
	log      *slog.Logger
	every    time.Duration

	mu       sync.Mutex
	sessions map[*Session]bool
	running  bool
}

// patience is how long the database may take to look sessions up.
const patience = 10 * time.Second

// NewWatcher returns a watcher that looks as often as every says.
func NewWatcher(service *identity.Service, log *slog.Logger, every time.Duration) *Watcher {
	return &Watcher{identity: service, log: log, every: every, sessions: map[*Session]bool{}}
}

// Add watches a session until leave is called.
func (w *Watcher) Add(s *Session) (leave func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sessions[s] = true
	if !w.running {
		w.running = true
		go w.run()
	}
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.sessions, s)
	}
}

// run polls as long as there is a session to watch.
func (w *Watcher) run() {
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	for range tick.C {
		watched := w.watched()
		if len(watched) == 0 {
			return
		}
		w.look(watched)
	}
}

// watched returns the sessions. If there are none, it notes that polling stops.
func (w *Watcher) watched() (list []*Session) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for s := range w.sessions {
		list = append(list, s)
	}
	w.running = len(list) > 0
	return list
}

// look tells sessions what has become of them. If the database does not answer, it tells
// nothing: subscriptions poll just as often, and end with the error.
func (w *Watcher) look(watched []*Session) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var sessions, keys []int
	for _, s := range watched {
		if s.key != 0 {
			keys = append(keys, s.key)
		} else {
			sessions = append(sessions, s.id)
		}
	}
	standing, err := w.identity.Standing(ctx, unique(sessions))
	if err == nil {
		var standingKeys map[int]*viewer.Viewer
		standingKeys, err = w.identity.StandingKeys(ctx, unique(keys))
		for _, s := range watched {
			switch {
			case s.key == 0:
				s.renew(standing[s.id])
			case err == nil:
				s.renew(standingKeys[s.key])
			}
		}
	}
	if err != nil {
		w.log.WarnContext(ctx, "look whether sessions with subscriptions have ended", "error", err)
	}
}

func unique(ids []int) []int {
	slices.Sort(ids)
	return slices.Compact(ids)
}
