package transport

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// operate runs an operation and sends its answers.
func (s *socket) operate(ctx context.Context, id string, params *graphql.RawParams, room *counted) {
	ctx, err := s.Begin(ctx)
	if err != nil {
		s.fail(id, gqlerror.List{err})
		return
	}
	params.ReadTime = graphql.TraceTiming{Start: graphql.Now(), End: graphql.Now()}
	allowed := func(op ast.Operation) *gqlerror.Error {
		if op != ast.Subscription {
			return nil
		}
		if err := room.lasting(); err != nil {
			return err
		}
		room.Leave() // its events may go on for hours
		return nil
	}
	stream(ctx, s.exec, params, s.Patience, allowed, func(resp *graphql.Response) error {
		if ctx.Err() != nil {
			return ctx.Err() // the client may have reused the ID
		}
		if resp.Data == nil && len(resp.Errors) > 0 {
			s.fail(id, resp.Errors)
			return nil
		}
		body, err := encode(ctx, resp)
		if err != nil {
			return err
		}
		return s.send(message{ID: id, Type: "next", Payload: body})
	})
	if ctx.Err() == nil {
		// The ID is free before the client can know, so that the client may reuse it.
		s.end(id)
		_ = s.send(message{ID: id, Type: "complete"})
	}
}

// end ends an operation, unless it has ended already.
func (s *socket) end(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel, ok := s.active[id]; ok {
		cancel()
		delete(s.active, id)
		s.place.Busy(len(s.active) > 0)
	}
}

// fail ends an operation with errors. If the session has ended, it closes the connection,
// because nothing could be answered any more.
func (s *socket) fail(id string, errs gqlerror.List) {
	s.end(id)
	payload, err := json.Marshal(shown(s.base, errs))
	if err != nil {
		return
	}
	_ = s.send(message{ID: id, Type: "error", Payload: payload})
	if codeOf(errs) == unauthenticated {
		s.close(closeUnauthorized, "The session has ended; sign in again")
	}
}

func (s *socket) send(m message) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(s.base, s.Patience)
	defer cancel()
	// A client that does not read loses the connection.
	return s.conn.Write(ctx, websocket.MessageText, text)
}

// close closes the connection and waits a little for the client to agree.
func (s *socket) close(code websocket.StatusCode, reason string) {
	_ = s.conn.Close(code, strings.ToValidUTF8(reason[:min(len(reason), longestReason)], ""))
}
