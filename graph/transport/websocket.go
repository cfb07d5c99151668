package transport

import (
	"context"
	"encoding/json"
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
	// Init finds out who has connected, from the payload of connection_init, and
	// returns the context of the connection. An error with the code
	// UNAUTHENTICATED closes it with 4403.
	Init func(ctx context.Context, payload map[string]any) (context.Context, *gqlerror.Error)
	// Begin returns the context of one operation. An error with the code
	// UNAUTHENTICATED closes the connection with 4401.
	Begin func(ctx context.Context) (context.Context, *gqlerror.Error)
	// Operations is how many operations may run at a time on one connection.
	Operations int
	// InitTimeout is how long a client may take to say who it is.
	InitTimeout time.Duration
	// KeepAlive is how often the client must show that it is there.
	KeepAlive time.Duration
	// Patience is how long an operation that is no subscription may take, and how
	// long a client may take to accept a message.
	Patience time.Duration
}

var _ graphql.Transport = WebSocket{}

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
)

const maxOperationID = 128

// Supports implements graphql.Transport.
func (WebSocket) Supports(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// Do implements graphql.Transport.
func (t WebSocket) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols: []string{Subprotocol},
		// The server has checked it before; behind a proxy only it knows its name.
		InsecureSkipVerify: true,
	})
	if err != nil {
		return // Accept has answered
	}
	defer func() { _ = conn.CloseNow() }()
	if conn.Subprotocol() != Subprotocol {
		_ = conn.Close(closeSubprotocol, "Subprotocol not acceptable")
		return
	}
	conn.SetReadLimit(t.Limits.RequestBytes)
	// The request's context ends when the server stops. The connection must live
	// on for a moment to say so.
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	s := &socket{WebSocket: t, conn: conn, exec: exec, header: r.Header, base: ctx, ctx: ctx,
		active: map[string]context.CancelFunc{}, free: make(chan struct{}, t.Operations)}
	defer context.AfterFunc(r.Context(), func() {
		_ = conn.Close(websocket.StatusGoingAway, "The server is stopping; connect again")
	})()
	// What runs is ended before it is waited for.
	defer s.running.Wait()
	defer cancel()
	s.running.Go(s.keepAlive)
	s.read()
}

// socket is one connection.
type socket struct {
	WebSocket
	conn   *websocket.Conn
	exec   graphql.GraphExecutor
	header http.Header
	// base lives as long as the connection; ctx is base with what Init has added,
	// for the reader alone.
	base, ctx context.Context
	running   sync.WaitGroup
	// free bounds the operations that run, also those that have been told to end.
	free chan struct{}

	mu     sync.Mutex
	active map[string]context.CancelFunc
}

// message is one of the protocol's messages, in either direction.
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
		kind, data, err := s.conn.Read(s.base)
		if err != nil {
			return
		}
		var m message
		if kind != websocket.MessageText || json.Unmarshal(data, &m) != nil {
			s.close(closeBadRequest, "A message is not JSON")
			return
		}
		switch {
		case m.Type == "connection_init" && begun:
			s.close(closeTooManyInits, "Too many initialisation requests")
			return
		case m.Type == "connection_init":
			begun = true
			late.Stop()
			if ready = s.init(m.Payload); !ready {
				return
			}
		case m.Type == "ping":
			_ = s.send(message{Type: "pong", Payload: m.Payload})
		case m.Type == "pong":
		case m.Type == "complete":
			s.end(m.ID)
		case m.Type == "subscribe" && !ready:
			s.close(closeUnauthorized, "Unauthorized")
			return
		case m.Type == "subscribe":
			if !s.subscribe(m) {
				return
			}
		default:
			s.close(closeBadRequest, "A message has a type that the protocol does not know")
			return
		}
	}
}

func (s *socket) init(raw json.RawMessage) bool {
	var payload map[string]any
	if len(raw) > 0 && json.Unmarshal(raw, &payload) != nil {
		s.close(closeBadRequest, "The payload of connection_init is not an object")
		return false
	}
	ctx, err := s.Init(s.base, payload)
	switch {
	case err == nil:
		s.ctx = ctx
		return s.send(message{Type: "connection_ack"}) == nil
	case codeOf(gqlerror.List{err}) == unauthenticated:
		s.close(closeForbidden, "Forbidden")
	default:
		s.close(websocket.StatusTryAgainLater, "Try again later")
	}
	return false
}

// subscribe begins an operation, and reports whether the connection goes on.
func (s *socket) subscribe(m message) bool {
	if m.ID == "" || len(m.ID) > maxOperationID {
		s.close(closeBadRequest, "The message subscribe needs an id of 1 to 128 bytes")
		return false
	}
	params, bad := s.Limits.parse(m.Payload)
	if bad != nil && codeOf(gqlerror.List{bad}) != tooLarge {
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
		s.fail(m.ID, gqlerror.List{bad})
		return true
	}
	params.Headers = s.header
	s.running.Go(func() {
		defer func() { <-s.free }()
		defer cancel()
		s.operate(ctx, m.ID, params)
	})
	return true
}

// begin takes an id, unless an operation has it.
func (s *socket) begin(id string, cancel context.CancelFunc) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, there := s.active[id]
	if !there {
		s.active[id] = cancel
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
