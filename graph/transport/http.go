package transport

import (
	"net/http"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/internal/accept"
)

// HTTP answers GET and POST, and refuses what no other transport has taken. It must be
// added last.
type HTTP struct{ Limits Limits }

var _ graphql.Transport = HTTP{}

// Supports implements graphql.Transport.
func (HTTP) Supports(*http.Request) bool { return true }

// Do implements graphql.Transport.
func (t HTTP) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	var allowed func(ast.Operation) *gqlerror.Error
	switch r.Method {
	case http.MethodOptions:
		w.Header().Set("Allow", methods)
		w.WriteHeader(http.StatusNoContent)
		return
	case http.MethodGet:
		// A link or an image on another page is a GET with the user's cookie.
		allowed = onlyQueries
	case http.MethodPost:
		allowed = noStreams
	default:
		w.Header().Set("Allow", methods)
		respond(w, r, failed(Errorf(methodNotAllowed, "Send operations by POST, or queries by GET.")))
		return
	}
	if negotiate(r) == "" {
		respond(w, r,
			failed(Errorf(notAcceptable,
				"The server answers with application/graphql-response+json or application/json; accept one of them.")))
		return
	}
	room := t.Limits.room(r.Context())
	defer room.Leave()
	params, err := t.Limits.read(w, r, room)
	if err != nil {
		respond(w, r, failed(err))
		return
	}
	ctx, err := t.Limits.arrived(r.Context())
	if err != nil {
		respond(w, r, failed(err))
		return
	}
	respond(w, r, execute(ctx, exec, params, allowed))
}

const methods = "GET, POST, OPTIONS"

func onlyQueries(op ast.Operation) *gqlerror.Error {
	if op == ast.Mutation {
		return Errorf(methodNotAllowed, "Send mutations by POST.")
	}
	return noStreams(op)
}

func noStreams(op ast.Operation) *gqlerror.Error {
	if op == ast.Subscription {
		return Errorf(badRequest, "A subscription has many answers: accept text/event-stream, or use a WebSocket.")
	}
	return nil
}

// The media types of answers. With the older one, a client looks for errors in the body
// and not in the status.
const (
	responseJSON = "application/graphql-response+json"
	plainJSON    = "application/json"
)

// Refuse answers a request that has not been read, in the form of all other answers.
func Refuse(w http.ResponseWriter, r *http.Request, err *gqlerror.Error) { respond(w, r, failed(err)) }

// respond writes an answer in the media type that the client prefers.
func respond(w http.ResponseWriter, r *http.Request, resp *graphql.Response) {
	body, err := encode(r.Context(), resp)
	if err != nil {
		panic(err) // gqlgen always writes JSON
	}
	media := negotiate(r)
	if media == "" {
		media = plainJSON
	}
	w.Header().Set("Content-Type", media+"; charset=utf-8")
	w.Header().Add("Vary", "Accept")
	if resp.Data == nil && len(resp.Errors) > 0 {
		if seconds, ok := resp.Errors[0].Extensions[RetryAfterSeconds].(int); ok {
			w.Header().Set("Retry-After", strconv.Itoa(seconds))
		}
	}
	if codeOf(resp.Errors) == methodNotAllowed && resp.Data == nil && w.Header().Get("Allow") == "" {
		w.Header().Set("Allow", http.MethodPost)
	}
	w.WriteHeader(status(media, resp))
	_, _ = w.Write(body) // a client that has gone away gets no answer
}

func status(media string, resp *graphql.Response) int {
	code := codeOf(resp.Errors)
	fixed, known := statuses[code]
	switch {
	case resp.Data != nil || len(resp.Errors) == 0:
		return http.StatusOK
	case known:
		return fixed
	case media == plainJSON:
		return http.StatusOK
	case code == unauthenticated:
		return http.StatusUnauthorized
	default:
		return http.StatusBadRequest
	}
}

// negotiate returns the media type of the answer; empty if the client accepts neither. A
// client that does not say, or accepts anything, counts as an old one.
func negotiate(r *http.Request) string {
	plain, response := accept.Of(r.Header, plainJSON), accept.Of(r.Header, responseJSON)
	first := response.Named && (!plain.Named || response.Place < plain.Place)
	switch {
	case plain.Quality == 0 && response.Quality == 0:
		return ""
	case response.Quality > plain.Quality, response.Quality == plain.Quality && first:
		return responseJSON
	}
	return plainJSON
}
