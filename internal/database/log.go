package database

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// sayAgain is after how long a trouble that goes on is told again.
const sayAgain = time.Minute

// NewLogHandler returns a handler that tells a trouble of the database once in a
// while: many workers meet it many times a second. The first time is told at once,
// the next one after a minute with how often it happened in between. Everything
// else passes.
func NewLogHandler(h slog.Handler) slog.Handler {
	return calmHandler{h, &repeated{told: map[string]*told{}}}
}

type calmHandler struct {
	slog.Handler
	repeated *repeated
}

// repeated are the troubles that have been told, by what was said of them.
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

// say reports whether something is to be told, and how often it was not.
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

// troubleIn returns what a record says of a trouble of the database: its message,
// the trouble, and the job that it is about.
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
			trouble = "too late" // So does a database that has frozen show itself.
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
