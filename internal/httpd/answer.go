package httpd

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openhomeroom/homeroom/internal/allowance"
)

// answer is the response to one request. It remembers what was sent, and replaces the
// handler's answer if the body could not be read.
type answer struct {
	http.ResponseWriter
	control   *http.ResponseController
	requestID string
	// patience is how long the client may take to accept one piece.
	patience time.Duration
	// work is the memory that the request holds. It makes room for others only while it
	// waits for its client; pending counts the calls that wait.
	work *allowance.Holder
	// ctx is the context of the request; it knows the connection.
	ctx context.Context

	mu      sync.Mutex
	pending int
	// cut says that the request had to make room; no deadline is moved after that.
	cut bool

	status   int
	bytes    int64
	hijacked bool
	http2    bool
	// streams is called once if the answer is a stream of events; it may be nil.
	streams func()
	// bodyFailed is the status for a body that could not be read, or 0.
	bodyFailed atomic.Int32
	// replaced is true if the handler's answer is discarded.
	replaced bool
}

func newAnswer(w http.ResponseWriter, requestID string, patience time.Duration) *answer {
	a := &answer{ResponseWriter: w, control: http.NewResponseController(w), requestID: requestID, patience: patience}
	// The previous request on this connection may have left a deadline.
	_ = a.control.SetWriteDeadline(time.Time{})
	return a
}

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	switch {
	case status < 200:
		// This is informational; the answer is still to come.
	case a.status != 0:
		return
	case a.bodyFailed.Load() != 0:
		a.replaced = true
		a.failBody()
		return
	default:
		a.status = status
		if a.streams != nil && strings.HasPrefix(a.Header().Get("Content-Type"), "text/event-stream") {
			a.streams()
		}
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	if a.replaced {
		return len(p), nil
	}
	return a.send(p)
}

func (a *answer) send(p []byte) (int, error) {
	a.extend()
	defer a.waiting()()
	n, err := a.ResponseWriter.Write(p)
	a.bytes += int64(n)
	return n, err
}

// extend gives the client time for the next piece. A stream may take hours, but
// a client that accepts nothing does not keep the connection.
func (a *answer) extend() { _ = a.SetWriteDeadline(time.Now().Add(a.patience)) }

// SetReadDeadline is what http.ResponseController looks for.
func (a *answer) SetReadDeadline(t time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cut {
		return nil
	}
	return a.control.SetReadDeadline(t)
}

// SetWriteDeadline is what http.ResponseController looks for.
func (a *answer) SetWriteDeadline(t time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cut {
		return nil
	}
	return a.control.SetWriteDeadline(t)
}

// holds sets what the request takes until it is answered, and a function to call if it has
// to make room.
func (a *answer) holds(p *allowance.Pool, lost func(), levels ...allowance.Level) {
	a.work = p.Enter(func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.cut = true
		// Everything that waits for the client ends.
		_ = a.control.SetReadDeadline(time.Unix(1, 0))
		_ = a.control.SetWriteDeadline(time.Unix(1, 0))
		if lost != nil {
			go lost()
		}
	}, levels...)
}

// waiting says that the request waits for its client, until the returned function is
// called.
func (a *answer) waiting() (over func()) {
	if a.work == nil {
		return func() {}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	idle := func() {}
	if a.pending++; a.pending == 1 {
		a.work.Wait()
		if !a.hijacked {
			idle = waitsFor(a.ctx)
		}
	}
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		idle()
		if a.pending--; a.pending == 0 {
			a.work.Rest()
		}
	}
}

// Flush implements http.Flusher.
func (a *answer) Flush() { _ = a.FlushError() }

// FlushError is called by http.ResponseController.
func (a *answer) FlushError() error {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	a.extend()
	defer a.waiting()()
	return a.control.Flush()
}

// Hijack implements http.Hijacker, for WebSockets.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffer, err := a.control.Hijack()
	if err == nil {
		a.hijacked = true
		a.status = http.StatusSwitchingProtocols
	}
	return conn, buffer, err
}

// Unwrap is called by http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// finish is called after the handler has returned.
func (a *answer) finish() {
	if a.hijacked {
		return
	}
	if a.status == 0 && a.bodyFailed.Load() != 0 {
		a.failBody()
	}
	// Buffered data is sent after this; over HTTP/2, before the request gives back its
	// memory.
	a.extend()
	if a.http2 && a.status != 0 {
		defer a.waiting()()
		_ = a.control.Flush()
	}
}

func (a *answer) failBody() {
	if a.bodyFailed.Load() == http.StatusRequestTimeout {
		a.fail(http.StatusRequestTimeout, "TIMEOUT", "the request did not arrive in time; send it again")
		return
	}
	a.fail(http.StatusRequestEntityTooLarge, "PAYLOAD_TOO_LARGE",
		"the request is larger than the server accepts; split the file, or ask the operator to raise the limit")
}

// fail answers with an error of the server itself.
func (a *answer) fail(status int, code, message string) {
	// The headers that the handler has set describe another answer.
	for _, name := range []string{"Content-Length", "Content-Encoding", "Content-Disposition", "Etag", "Set-Cookie"} {
		a.Header().Del(name)
	}
	a.status = status
	writeError(own{a}, status, code, message, a.requestID)
}

// own writes even if the handler's answer is discarded.
type own struct{ *answer }

func (o own) WriteHeader(status int)      { o.ResponseWriter.WriteHeader(status) }
func (o own) Write(p []byte) (int, error) { return o.send(p) }

// writeError answers in the format of GraphQL, which clients of the API can read. The
// request ID lets an operator find the request in the log.
func writeError(w http.ResponseWriter, status int, code, message, requestID string) {
	type extensions struct {
		Code      string `json:"code"`
		RequestID string `json:"requestId,omitempty"`
	}
	type item struct {
		Message    string     `json:"message"`
		Extensions extensions `json:"extensions"`
	}
	writeJSON(w, status, map[string][]item{"errors": {{message, extensions{code, requestID}}}})
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	// A client that has gone away gets no answer.
	_ = json.NewEncoder(w).Encode(value)
}
