package transport

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// WebSocket speaks graphql-transport-ws, the protocol of the package graphql-ws.
type WebSocket struct {
	Limits Limits
	// Enter finds a place for a connection before it is accepted.
	Enter func(ctx context.Context) (Place, *gqlerror.Error)
	// Refusals limits how many browsers are told at a time why they get no connection.
	Refusals chan struct{}
	// Init authenticates a connection by the payload of connection_init, and returns the
	// context of the connection. An error with the code UNAUTHENTICATED closes it with
	// 4403.
	Init func(ctx context.Context, payload map[string]any) (context.Context, *gqlerror.Error)
	// Begin returns the context of one operation. An error with the code
	// UNAUTHENTICATED closes the connection with 4401.
	Begin func(ctx context.Context) (context.Context, *gqlerror.Error)
	// Operations is how many operations may run at a time on one connection.
	Operations int
	// InitTimeout is how long a client may take to authenticate.
	InitTimeout time.Duration
	// KeepAlive is how often the client must show that it is alive.
	KeepAlive time.Duration
	// Patience is how long a query or mutation may take, and how long a client may take to
	// accept a message.
	Patience time.Duration
}

var _ graphql.Transport = WebSocket{}

// Place is one of the limited number of connections.
type Place interface {
	// Stay turns the place into one of the caller in ctx, who has signed in.
	Stay(ctx context.Context) *gqlerror.Error
	// Lost sets what to call if another client gets the place.
	Lost(gone func())
	// Busy says whether an operation runs on the connection of a caller who has signed in.
	Busy(busy bool)
	// Leave gives the place back.
	Leave()
}

// Subprotocol is what a client asks for in Sec-WebSocket-Protocol.
const Subprotocol = "graphql-transport-ws"

// The close codes of the protocol.
const (
	closeBadRequest   websocket.StatusCode = 4400
	closeUnauthorized websocket.StatusCode = 4401
	closeForbidden    websocket.StatusCode = 4403
	closeSubprotocol  websocket.StatusCode = 4406
	closeInitTimeout  websocket.StatusCode = 4408
	closeDuplicate    websocket.StatusCode = 4409
	closeTooManyInits websocket.StatusCode = 4429
	closeTooMany      websocket.StatusCode = 4429
)

// longestReason is the longest text of a WebSocket's close frame, in bytes.
const longestReason = 123

const (
	maxOperationID = 128
	// maxUnknown is the longest message of a client that has not authenticated, in bytes. A
	// token has a hundred.
	maxUnknown = 4 << 10
)

// Supports implements graphql.Transport.
func (WebSocket) Supports(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// Do implements graphql.Transport.
func (t WebSocket) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	place, refused := t.Enter(r.Context())
	if refused != nil {
		t.refuse(w, r, refused)
		return
	}
	defer place.Leave()
	var conn *websocket.Conn
	pings := &pace{}
	tooManyPings := func() { _ = conn.Close(closeTooMany, "Too many pings") }
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols: []string{Subprotocol},
		OnPingReceived: func(context.Context, []byte) bool {
			answer, first := pings.one()
			if first {
				go tooManyPings() // it waits for the reader, which has called this
			}
			return answer
		},
		// The server has checked the origin before; behind a proxy only the server knows its
		// own name.
		InsecureSkipVerify: true,
	})
	if err != nil {
		return // Accept has answered already
	}
	defer func() { _ = conn.CloseNow() }()
	if conn.Subprotocol() != Subprotocol {
		_ = conn.Close(closeSubprotocol, "Subprotocol not acceptable")
		return
	}
	place.Lost(func() {
		_ = conn.Close(websocket.StatusTryAgainLater, "Others need the connection; try again")
	})
	// A longer message is not read at all; the connection is closed with 1009.
	conn.SetReadLimit(maxUnknown)
	// The request's context ends when the server stops. The connection must live a moment
	// longer to say so.
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	s := &socket{WebSocket: t, conn: conn, pings: pings, place: place, exec: exec, header: r.Header, base: ctx, ctx: ctx,
		active: map[string]context.CancelFunc{}, free: make(chan struct{}, t.Operations)}
	defer context.AfterFunc(r.Context(), func() {
		_ = conn.Close(websocket.StatusGoingAway, "The server is stopping; connect again")
	})()
	// What is running is ended first and then awaited.
	defer s.running.Wait()
	defer cancel()
	s.running.Go(s.keepAlive)
	s.read()
}

// refuse says why there is no connection. A page in a browser cannot read the answer to
// the request for a connection, but it can read the reason with which a connection is
// closed.
func (t WebSocket) refuse(w http.ResponseWriter, r *http.Request, why *gqlerror.Error) {
	browser := r.Header.Get("Origin") != "" && strings.Contains(r.Header.Get("Sec-WebSocket-Protocol"), Subprotocol)
	select {
	case t.Refusals <- struct{}{}:
		defer func() { <-t.Refusals }()
	default:
		browser = false
	}
	if !browser {
		respond(w, r, failed(why))
		return
	}
	conn, err := websocket.Accept(w, r,
		&websocket.AcceptOptions{Subprotocols: []string{Subprotocol}, InsecureSkipVerify: true})
	if err != nil {
		return // Accept has answered already
	}
	code := websocket.StatusTryAgainLater
	if codeOf(gqlerror.List{why}) == tooMany {
		code = closeTooMany
	}
	_ = conn.Close(code, why.Message[:min(len(why.Message), longestReason)])
}

// socket is one connection.
type socket struct {
	WebSocket
	conn   *websocket.Conn
	place  Place
	pings  *pace
	exec   graphql.GraphExecutor
	header http.Header
	// base lives as long as the connection. ctx is base with what Init has added; only the
	// reader uses it.
	base, ctx context.Context
	running   sync.WaitGroup
	// free limits the running operations, including those that were told to end.
	free chan struct{}

	mu     sync.Mutex
	active map[string]context.CancelFunc
}

// A client may send pingsAtOnce pings at once, and then one in pingsEvery. Each costs an
// answer.
const (
	pingsAtOnce = 100
	pingsEvery  = 100 * time.Millisecond
)

// pace counts the pings of a connection. Only its reader uses it.
type pace struct {
	// until is when all of them will have been allowed.
	until time.Time
	over  bool
}

// one reports whether another ping is answered, and otherwise whether it is the first one
// that is not.
func (p *pace) one() (answer, first bool) {
	now := time.Now()
	if p.until.Before(now) {
		p.until = now
	}
	p.until = p.until.Add(pingsEvery)
	if p.until.Sub(now) <= pingsAtOnce*pingsEvery && !p.over {
		return true, false
	}
	first, p.over = !p.over, true
	return false, first
}

// message is a message of the protocol, in either direction.
type message struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// read handles what the client sends, until the connection is closed.
func (s *socket) read() {
	begun, ready := false, false
	late := time.AfterFunc(s.InitTimeout, func() {
		_ = s.conn.Close(closeInitTimeout, "Connection initialisation timeout")
	})
	defer late.Stop()
	for {
		room := s.Limits.room(s.ctx)
		m, ok := s.receive(room)
		if !ok {
			room.Leave()
			return
		}
		going := true
		switch {
		case m.Type == "connection_init" && begun:
			s.close(closeTooManyInits, "Too many initialisation requests")
			going = false
		case m.Type == "connection_init":
			begun = true
			late.Stop()
			ready = s.init(m.Payload, room)
			going = ready
		case m.Type == "ping":
			if answer, _ := s.pings.one(); answer {
				_ = s.send(message{Type: "pong", Payload: m.Payload})
				break
			}
			s.close(closeTooMany, "Too many pings")
			going = false
		case m.Type == "pong":
		case m.Type == "complete":
			s.end(m.ID)
		case m.Type == "subscribe" && !ready:
			s.close(closeUnauthorized, "Unauthorized")
			going = false
		case m.Type == "subscribe":
			// The operation keeps the room.
			if going = s.subscribe(m, room); going {
				continue
			}
		default:
			s.close(closeBadRequest, "A message has a type that the protocol does not know")
			going = false
		}
		room.Leave()
		if !going {
			return
		}
	}
}

// receive reads the next message. If that fails, it closes the connection and returns
// false.
func (s *socket) receive(room *counted) (m message, ok bool) {
	ctx, cancel := context.WithCancel(s.base)
	defer cancel()
	kind, reader, err := s.conn.Reader(ctx)
	if err != nil {
		return m, false
	}
	// A message that has begun must end in time, or makes room for others. A client that
	// is there and answers pings could otherwise keep its memory for hours.
	late := time.AfterFunc(s.Patience, func() {
		_ = s.conn.Close(websocket.StatusPolicyViolation, "A message did not arrive in time")
	})
	defer late.Stop()
	defer room.Arriving(0, cancel)()
	// Short messages, such as one that ends an operation, need no room. Connections are few.
	data, err := io.ReadAll(&metered{Reader: reader, room: room, free: maxUnknown})
	var full *gqlerror.Error
	switch {
	case errors.As(err, &full):
		s.close(websocket.StatusTryAgainLater, full.Message)
		return m, false
	case err != nil:
		return m, false
	case kind != websocket.MessageText || json.Unmarshal(data, &m) != nil:
		s.close(closeBadRequest, "A message is not JSON")
		return m, false
	}
	return m, true
}

func (s *socket) init(raw json.RawMessage, room *counted) bool {
	const name = "The payload of connection_init"
	var payload map[string]any
	size, bad := s.Limits.bounded(name, raw)
	if bad == nil {
		bad = room.Hold(s.base, size)
	}
	if bad == nil {
		payload, bad = object(name, raw)
	}
	if bad != nil {
		s.close(closeBadRequest, bad.Message)
		return false
	}
	ctx, err := s.Init(s.base, payload)
	if err == nil {
		err = s.place.Stay(ctx)
	}
	switch {
	case err == nil:
		s.ctx = ctx
		s.conn.SetReadLimit(s.Limits.RequestBytes)
		return s.send(message{Type: "connection_ack"}) == nil
	case codeOf(gqlerror.List{err}) == unauthenticated:
		s.close(closeForbidden, "Forbidden")
	case codeOf(gqlerror.List{err}) == tooMany:
		s.close(closeTooMany, err.Message)
	default:
		s.close(websocket.StatusTryAgainLater, "Try again later")
	}
	return false
}

// subscribe starts an operation, and reports whether the connection goes on. If it does,
// the room is given back when the operation no longer needs it.
func (s *socket) subscribe(m message, room *counted) bool {
	if m.ID == "" || len(m.ID) > maxOperationID {
		s.close(closeBadRequest, "The message subscribe needs an id of 1 to 128 bytes")
		return false
	}
	params, bad := s.Limits.parse(s.base, m.Payload, room)
	if bad != nil && !passing[codeOf(gqlerror.List{bad})] {
		s.close(closeBadRequest, bad.Message)
		return false
	}
	ctx, cancel := context.WithCancel(s.ctx)
	if !s.begin(m.ID, cancel) {
		cancel()
		s.close(closeDuplicate, "Subscriber for "+shorten(m.ID)+" already exists")
		return false
	}
	if bad == nil {
		select {
		case s.free <- struct{}{}:
		default:
			bad = Errorf(tooMany, "At most %d operations can run at a time on one connection; end one of them.", s.Operations)
		}
	}
	if bad != nil {
		room.Leave()
		s.fail(m.ID, gqlerror.List{bad})
		return true
	}
	params.Headers = s.header
	s.running.Go(func() {
		defer func() { <-s.free }()
		defer room.Leave()
		defer cancel()
		s.operate(ctx, m.ID, params, room)
	})
	return true
}

// passing are the codes of errors of one operation that do not end the connection.
var passing = map[string]bool{tooLarge: true, tooMany: true, unavailable: true}

// begin takes an ID, unless an operation has it.
func (s *socket) begin(id string, cancel context.CancelFunc) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, there := s.active[id]
	if !there {
		s.active[id] = cancel
		s.place.Busy(true)
	}
	return !there
}

func (s *socket) keepAlive() {
	tick := time.NewTicker(s.KeepAlive)
	defer tick.Stop()
	for {
		select {
		case <-s.base.Done():
			return
		case <-tick.C:
		}
		alive, cancel := context.WithTimeout(s.base, s.KeepAlive)
		err := s.conn.Ping(alive)
		cancel()
		if err != nil {
			_ = s.conn.CloseNow()
			return
		}
	}
}
