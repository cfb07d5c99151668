// Package transport carries GraphQL operations over HTTP: GET and POST as in the
// GraphQL-over-HTTP draft, files as in the GraphQL multipart request convention, and
// streams of answers as server-sent events (graphql-sse, distinct connections) and over
// WebSockets (graphql-transport-ws).
//
// It replaces the transports of gqlgen. Those repeat a body that is not JSON, including
// passwords, in the answer and in the log; answer 200 to uploads that are too large; keep
// uploads in memory; and have neither a timeout nor the close codes of
// graphql-transport-ws.
//
// Nothing here checks where a request comes from. A server that accepts cookies must
// refuse requests from pages of other sites first, including WebSockets.
package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Limits are the limits of one request.
type Limits struct {
	// RequestBytes is the longest body of a request without files, and the
	// longest message over a WebSocket.
	RequestBytes int64
	// VariableBytes is the longest JSON text of the variables and, separately, of the
	// extensions.
	VariableBytes int
	// DecodedBytes is roughly how much memory both together may take after decoding; 0 for
	// eight times the longest text.
	DecodedBytes int64
	// Stranger reports whether nobody is signed in. A stranger has StrangerBytes for a body
	// and StrangerPatience to send it. If Stranger is nil, nobody is a stranger.
	Stranger         func(ctx context.Context) bool
	StrangerBytes    int64
	StrangerPatience time.Duration
	// SignIn is the error for a stranger who sends more.
	SignIn *gqlerror.Error
	// Room is the memory for what a request sends; nil for no limit.
	Room func(ctx context.Context) Room
	// Arrived returns the context for an operation after its body has been read, which may
	// have taken long. It is nil if the context stays the same.
	Arrived func(ctx context.Context) (context.Context, *gqlerror.Error)
}

// arrived is called when the body of a request has been read.
func (l Limits) arrived(ctx context.Context) (context.Context, *gqlerror.Error) {
	if l.Arrived == nil {
		return ctx, nil
	}
	return l.Arrived(ctx)
}

// The codes of errors of this package, for extensions.code.
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

// RetryAfterSeconds is the extension of an error that says when to try again. In an answer
// without data, the first error's becomes the header Retry-After, too.
const RetryAfterSeconds = "retryAfterSeconds"

// statuses are those of answers without data, by the code of the first error, whatever the
// client accepts. Codes that are missing here belong to well-formed requests.
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

// maxErrors is how many errors of an answer are shown. A document of 60 KB can have
// thousands, each with a message longer than its cause.
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

// answer is graphql.Response, except that data is left out, and not null, if nothing was
// executed.
type answer struct {
	Errors     gqlerror.List   `json:"errors,omitempty"`
	Data       json.RawMessage `json:"data,omitempty"`
	Extensions map[string]any  `json:"extensions,omitempty"`
}

func encode(ctx context.Context, resp *graphql.Response) ([]byte, error) {
	return json.Marshal(answer{shown(ctx, resp.Errors), resp.Data, resp.Extensions})
}

// RequestID is the extension of every error that names the request in the log and in the
// audit trail.
const RequestID = "requestId"

// What a request has named is repeated up to a length: a name in it may be as long as the
// request.
const (
	longestMessage = 2000
	longestName    = 200
)

// shown are the errors that a client sees. They are copied, because some are shared by all
// requests.
func shown(ctx context.Context, errs gqlerror.List) gqlerror.List {
	errs = errs[:min(len(errs), maxErrors)]
	id := viewer.OriginOf(ctx).RequestID
	list := make(gqlerror.List, len(errs))
	for i, err := range errs {
		copied := *err
		copied.Message = cut(err.Message, longestMessage)
		copied.Path = slices.Clone(err.Path)
		for j, step := range copied.Path {
			if name, is := step.(ast.PathName); is {
				copied.Path[j] = ast.PathName(cut(string(name), longestName))
			}
		}
		if id != "" {
			copied.Extensions = map[string]any{RequestID: id}
			maps.Copy(copied.Extensions, err.Extensions)
		}
		list[i] = &copied
	}
	return list
}

func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// failed is the answer if nothing was executed.
func failed(err *gqlerror.Error) *graphql.Response {
	return &graphql.Response{Errors: gqlerror.List{err}}
}

var errTimeout = Errorf(timeout, "The operation took too long; ask for less at once, or try again.")

// execute runs an operation that has one answer. allowed are the kinds of operations that
// the request may carry.
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
	// gqlgen answers nothing if the time is up before it starts.
	return failed(errTimeout)
}
