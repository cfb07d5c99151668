// Package transport carries GraphQL operations over HTTP: GET and POST as the
// GraphQL-over-HTTP draft has them, files as the GraphQL multipart request
// convention has them, and streams of answers as server-sent events
// (graphql-sse, distinct connections) and over WebSockets (graphql-transport-ws).
//
// It stands in for the transports of gqlgen, which repeat a body that is not
// JSON, passwords included, in the answer and in the log, answer 200 to uploads
// that are too large, keep uploads in memory, and know neither a timeout nor the
// close codes of graphql-transport-ws.
//
// Nothing here checks where a request comes from: a server that accepts cookies
// must refuse the pages of other sites before, WebSockets included.
package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Limits bound one request.
type Limits struct {
	// RequestBytes is the longest body of a request without files, and the
	// longest message over a WebSocket.
	RequestBytes int64
	// VariableBytes is the longest JSON text of the variables and, apart, of the
	// extensions.
	VariableBytes int
	// DecodedBytes is about what either may take in memory once it is decoded; 0 for
	// eight times the longest text.
	DecodedBytes int64
	// Stranger reports whether nobody has signed in, who then has StrangerBytes for a
	// body and StrangerPatience to send it. Nobody is a stranger where it is nil.
	Stranger         func(ctx context.Context) bool
	StrangerBytes    int64
	StrangerPatience time.Duration
	// SignIn is what a stranger is told who sends more.
	SignIn *gqlerror.Error
	// Room is the memory for what a request sends; nil where nothing bounds it.
	Room func(ctx context.Context) Room
}

// The codes of errors that this package makes; extensions.code holds them.
const (
	badRequest       = "BAD_REQUEST"
	batching         = "BATCHING_NOT_SUPPORTED"
	methodNotAllowed = "METHOD_NOT_ALLOWED"
	notAcceptable    = "NOT_ACCEPTABLE"
	mediaType        = "UNSUPPORTED_MEDIA_TYPE"
	tooLarge         = "PAYLOAD_TOO_LARGE"
	tooMany          = "TOO_MANY_REQUESTS"
	timeout          = "TIMEOUT"
	unauthenticated  = "UNAUTHENTICATED"
	unavailable      = "UNAVAILABLE"
	uncertain        = "OUTCOME_UNKNOWN"
)

// RetryAfterSeconds is the extension of an error that says when it may be over; the
// first one of an answer without data is the header Retry-After, too.
const RetryAfterSeconds = "retryAfterSeconds"

// statuses are those of answers without data, by the code of the first error and
// whatever the client accepts. Codes that are missing here are errors of a
// well-formed request.
var statuses = map[string]int{
	badRequest:       http.StatusBadRequest,
	batching:         http.StatusBadRequest,
	methodNotAllowed: http.StatusMethodNotAllowed,
	notAcceptable:    http.StatusNotAcceptable,
	mediaType:        http.StatusUnsupportedMediaType,
	tooLarge:         http.StatusRequestEntityTooLarge,
	tooMany:          http.StatusTooManyRequests,
	timeout:          http.StatusServiceUnavailable,
	unavailable:      http.StatusServiceUnavailable,
	uncertain:        http.StatusServiceUnavailable,
}

// maxErrors is how many errors of one answer are shown. A document of 60 KB can
// hold thousands, each with a message longer than what caused it.
const maxErrors = 20

// Errorf returns an error that is shown as it is.
func Errorf(code, format string, args ...any) *gqlerror.Error {
	return &gqlerror.Error{Message: fmt.Sprintf(format, args...), Extensions: map[string]any{"code": code}}
}

// codeOf returns the code of the first error.
func codeOf(errs gqlerror.List) string {
	if len(errs) == 0 {
		return ""
	}
	code, _ := errs[0].Extensions["code"].(string)
	return code
}

// answer is graphql.Response with data left out, not null, where nothing was
// executed.
type answer struct {
	Errors     gqlerror.List   `json:"errors,omitempty"`
	Data       json.RawMessage `json:"data,omitempty"`
	Extensions map[string]any  `json:"extensions,omitempty"`
}

func encode(resp *graphql.Response) ([]byte, error) {
	return json.Marshal(answer{shown(resp.Errors), resp.Data, resp.Extensions})
}

func shown(errs gqlerror.List) gqlerror.List { return errs[:min(len(errs), maxErrors)] }

// failed is the answer to what was not executed.
func failed(err *gqlerror.Error) *graphql.Response {
	return &graphql.Response{Errors: gqlerror.List{err}}
}

var errTimeout = Errorf(timeout, "The operation took too long; ask for less at once, or try again.")

// execute runs an operation that has one answer. allowed says which kinds of
// operations the request may carry.
func execute(ctx context.Context, exec graphql.GraphExecutor, params *graphql.RawParams,
	allowed func(ast.Operation) *gqlerror.Error) *graphql.Response {
	oc, errs := exec.CreateOperationContext(ctx, params)
	if errs != nil {
		return exec.DispatchError(graphql.WithOperationContext(ctx, oc), errs)
	}
	if err := allowed(oc.Operation.Operation); err != nil {
		return failed(err)
	}
	responses, ctx := exec.DispatchOperation(ctx, oc)
	if resp := responses(ctx); resp != nil {
		return resp
	}
	// gqlgen answers nothing where the time is over before it begins.
	return failed(errTimeout)
}
