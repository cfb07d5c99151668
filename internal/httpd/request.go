package httpd

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

const requestIDHeader = "X-Request-Id"

// RequestID returns the id of the request that a context belongs to, or nothing.
func RequestID(ctx context.Context) string { return viewer.OriginOf(ctx).RequestID }

// requestIDOf returns the request ID that a proxy or client has sent, if it is harmless in
// a log, and otherwise a new one.
func requestIDOf(r *http.Request) string {
	id := r.Header.Get(requestIDHeader)
	strange := func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && !strings.ContainsRune("-_.", c)
	}
	if id == "" || len(id) > 64 || strings.ContainsFunc(id, strange) {
		return rand.Text()
	}
	return id
}

// NewLogHandler returns a handler that adds the request ID to everything that is logged
// with the context of a request.
func NewLogHandler(h slog.Handler) slog.Handler {
	if known, ok := h.(logHandler); ok {
		return known
	}
	return logHandler{h}
}

type logHandler struct{ slog.Handler }

func (h logHandler) Handle(ctx context.Context, record slog.Record) error {
	if id := RequestID(ctx); id != "" {
		record.AddAttrs(slog.String("request_id", id))
	}
	return h.Handler.Handle(ctx, record)
}

func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attrs)}
}

func (h logHandler) WithGroup(name string) slog.Handler { return logHandler{h.Handler.WithGroup(name)} }

// logRequest writes the line of the access log. It never contains a query, which has the
// signatures of downloads, nor a body or a header.
func (s *Server) logRequest(r *http.Request, a *answer, counter *database.Counter, took time.Duration) {
	status := a.status
	if status == 0 {
		status = http.StatusOK
	}
	level := slog.LevelInfo
	switch {
	case r.URL.Path == "/healthz" || r.URL.Path == "/readyz":
		// Health checks come every few seconds. Problems are logged elsewhere.
		level = slog.LevelDebug
	case r.Context().Err() != nil:
		// The client has gone away, and what it asked for was given up.
	case status >= 500:
		level = slog.LevelError
	}
	s.log.LogAttrs(r.Context(), level, "request",
		slog.String("method", r.Method),
		slog.String("path", r.URL.Path),
		slog.Int("status", status),
		slog.Int64("bytes", a.bytes),
		slog.Duration("duration", took),
		slog.Int("statements", counter.Statements()))
}

// contain answers for a handler that panicked. If the answer has started, it cuts the
// connection, so that nobody takes the answer for complete.
func (s *Server) contain(r *http.Request, a *answer) {
	p := recover()
	if p == nil {
		return
	}
	begun := a.status != 0
	if err, is := p.(error); !is || !errors.Is(err, http.ErrAbortHandler) {
		s.log.ErrorContext(r.Context(), "panic", "value", fmt.Sprint(p), "stack", string(debug.Stack()))
		if !begun {
			a.fail(http.StatusInternalServerError, "INTERNAL",
				"something went wrong on the server; include the request id when you report it")
			a.extend()
			return
		}
	}
	if a.hijacked {
		return
	}
	if !begun {
		a.status = 499 // the usual status for a connection that was closed without an answer
	}
	panic(http.ErrAbortHandler)
}
