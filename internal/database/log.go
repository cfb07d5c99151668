package database

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// sayAgain is how long the log is silent about a problem that continues.
const sayAgain = time.Minute

// NewLogHandler returns a handler that logs a problem of the database only once in a
// while, because many workers meet it many times a second. The first time is logged at
// once; after a minute, the next one is logged with the number of times in between. All
// other records pass.
func NewLogHandler(h slog.Handler) slog.Handler {
	return calmHandler{h, &repeated{told: map[string]*told{}}}
}

type calmHandler struct {
	slog.Handler
	repeated *repeated
}

// repeated holds the problems that were logged, by what was logged about them.
type repeated struct {
	mu   sync.Mutex
	told map[string]*told
}

type told struct {
	at   time.Time
	more int
}

func (h calmHandler) Handle(ctx context.Context, record slog.Record) error {
	if key, is := troubleIn(record); is {
		more, say := h.repeated.say(key, record.Time)
		if !say {
			return nil
		}
		if more > 0 {
			record.AddAttrs(slog.Int("times_since", more))
		}
	}
	return h.Handler.Handle(ctx, record)
}

// say reports whether to log something, and how often it was suppressed.
func (r *repeated) say(key string, at time.Time) (more int, say bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.told[key]
	if t != nil && at.Sub(t.at) < sayAgain {
		t.more++
		return 0, false
	}
	if t != nil {
		more = t.more
	}
	r.told[key] = &told{at: at}
	for other, t := range r.told {
		if at.Sub(t.at) > time.Hour {
			delete(r.told, other) // It is over.
		}
	}
	return more, true
}

// troubleIn returns what a record says about a problem of the database: its message, the
// problem, and the job that it is about.
func troubleIn(record slog.Record) (key string, is bool) {
	if record.Level < slog.LevelWarn {
		return "", false
	}
	var parts strings.Builder
	parts.WriteString(record.Message)
	record.Attrs(func(a slog.Attr) bool {
		if a.Key == "job" {
			parts.WriteString(" job " + a.Value.String())
		}
		err, ok := a.Value.Any().(error)
		if !ok {
			return true
		}
		trouble := TroubleOf(err)
		if trouble == None && errors.Is(err, context.DeadlineExceeded) {
			trouble = "too late" // A database that hangs looks like this as well.
		}
		if trouble != None {
			is = true
			parts.WriteString(" " + string(trouble))
		}
		return true
	})
	return parts.String(), is
}

func (h calmHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return calmHandler{h.Handler.WithAttrs(attrs), h.repeated}
}

func (h calmHandler) WithGroup(name string) slog.Handler {
	return calmHandler{h.Handler.WithGroup(name), h.repeated}
}
