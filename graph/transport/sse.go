package transport

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/internal/accept"
)

// SSE answers with server-sent events in the "distinct connections" mode of graphql-sse:
// one request, one operation of any kind, its answers as events named next, and then the
// event complete. It must be added before HTTP.
//
// Some clients accept both JSON and event streams in every request, but can only read JSON
// if an operation has one answer. They get a stream only for subscriptions.
type SSE struct {
	Limits Limits
	// KeepAlive is how often a comment is sent, so that no proxy takes the connection for
	// dead.
	KeepAlive time.Duration
	// Patience is how long a query or mutation may take.
	Patience time.Duration
}

var _ graphql.Transport = SSE{}

// Supports implements graphql.Transport.
func (SSE) Supports(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodPost) && accept.EventStream(r.Header)
}

// Do implements graphql.Transport.
func (t SSE) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	room := t.Limits.room(r.Context())
	leave := sync.OnceFunc(room.Leave)
	defer leave()
	params, err := t.Limits.read(w, r, room)
	ctx := r.Context()
	if err == nil {
		ctx, err = t.Limits.arrived(ctx)
	}
	if err != nil {
		respond(w, r, failed(err))
		return
	}
	e := &events{w: w, control: http.NewResponseController(w), every: t.KeepAlive, end: func() {}}
	defer func() { e.end() }()
	if negotiate(r) == "" && e.begin() != nil {
		return
	}
	allowed := func(op ast.Operation) *gqlerror.Error {
		if op == ast.Mutation && r.Method == http.MethodGet {
			return Errorf(methodNotAllowed, "Send mutations by POST.")
		}
		if op != ast.Subscription {
			return nil
		}
		if err := room.lasting(); err != nil {
			return err
		}
		leave() // its events may go on for hours
		if !e.begun {
			_ = e.begin() // if the client has gone away, so will the next event
		}
		return nil
	}
	stream(ctx, exec, params, t.Patience, allowed, func(resp *graphql.Response) error {
		if !e.begun {
			respond(w, r, resp)
			return nil
		}
		body, err := encode(ctx, resp)
		if err != nil {
			return err
		}
		return e.send("event: next\ndata: %s\n\n", body)
	})
	if e.begun && r.Context().Err() == nil {
		// EventSource ignores an event without data.
		_ = e.send("event: complete\ndata:\n\n")
	}
}

// events writes from two goroutines.
type events struct {
	mu      sync.Mutex
	w       http.ResponseWriter
	control *http.ResponseController
	// every is how often a comment is sent, once the events have begun.
	every time.Duration
	begun bool
	end   func()
}

// begin sends the head of the answer and a first comment, so that the client knows at once
// that the connection stands. Then it sends comments until end is called; after that
// nothing more is written.
func (e *events) begin() error {
	e.begun = true
	e.w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	e.w.Header().Add("Vary", "Accept")
	e.w.Header().Set("X-Accel-Buffering", "no") // otherwise nginx buffers events
	if err := e.send(":\n\n"); err != nil {
		return err
	}
	e.end = e.keepAlive(e.every)
	return nil
}

func (e *events) send(format string, args ...any) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, err := fmt.Fprintf(e.w, format, args...); err != nil {
		return err
	}
	return e.control.Flush()
}

// keepAlive sends comments until the returned function is called. After that nothing more
// is written.
func (e *events) keepAlive(every time.Duration) (stop func()) {
	end := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-end:
				return
			case <-tick.C:
				_ = e.send(":\n\n")
			}
		}
	})
	return func() {
		close(end)
		done.Wait()
	}
}
