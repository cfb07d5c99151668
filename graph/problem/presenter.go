// Package problem turns errors into what a client sees: errors of an operation, and entries
// of userErrors.
package problem

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/graph/document"
	"github.com/openhomeroom/homeroom/graph/share"
	"github.com/openhomeroom/homeroom/graph/transport"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// codes are the values of extensions.code by the kind of the error. They are the ones of
// Apollo's servers, where Apollo has one.
var codes = map[fault.Kind]string{
	fault.Unauthenticated: "UNAUTHENTICATED",
	fault.NotFound:        "NOT_FOUND",
	fault.Forbidden:       "FORBIDDEN",
	fault.Invalid:         "BAD_USER_INPUT",
	fault.Conflict:        "CONFLICT",
	fault.TooLarge:        "PAYLOAD_TOO_LARGE",
	fault.Unavailable:     "UNAVAILABLE",
}

// Code is the value of extensions.code for a kind of error.
func Code(kind fault.Kind) string { return codes[kind] }

const (
	internalCode = "INTERNAL_SERVER_ERROR"
	timedOut     = "TIMEOUT"
)

// Presenter returns the error that a client sees. An error that is not meant for people
// is logged here, once, and shown as an internal error.
func Presenter(log *slog.Logger, guard *document.Guard,
	introspection document.Introspection) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		var from *gqlerror.Error
		if errors.As(err, &from) && from.Err == nil {
			// Errors of documents have a code already.
			names := introspection.Allows(viewer.FromContext(ctx))
			if better := guard.ExplainVariable(operationOf(ctx), from, names); better != nil {
				return better
			}
			if !names {
				from.Message = withoutSuggestions(from.Message)
			}
			return from
		}
		shown := &gqlerror.Error{Path: graphql.GetPath(ctx)}
		switch f := fault.From(err); {
		case f != nil && f.Kind != fault.Internal:
			shown.Message, shown.Extensions = fault.Sentence(f.Message), Extensions(f)
		case unavailable(err) != nil:
			log.WarnContext(ctx, "something that an operation needs is not available at the moment", "path",
				shown.Path.String(), "error", err)
			f = unavailable(err)
			shown.Message, shown.Extensions = fault.Sentence(f.Message), Extensions(f)
		case errors.Is(err, privacy.Deny):
			log.WarnContext(ctx, "a policy denied what a resolver asked for", "path", shown.Path.String(), "error", err)
			shown.Message = "There is no such thing among what you may see."
			shown.Extensions = map[string]any{"code": codes[fault.NotFound]}
		case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), database.TookTooLong(err):
			shown.Message = "The operation took too long; ask for less at once, or try again."
			shown.Extensions = map[string]any{"code": timedOut}
		case strings.HasSuffix(err.Error(), " is not an Upload"):
			// gqlgen has no better way to recognize it.
			shown.Message = "Send a file as multipart/form-data, as the GraphQL multipart request specification says."
			shown.Extensions = map[string]any{"code": codes[fault.Invalid]}
		default:
			if !errors.Is(err, errPanicked) { // already logged, with its stack
				log.ErrorContext(ctx, "a resolver failed", "path", shown.Path.String(), "error", err)
			}
			shown.Message = "Something went wrong on the server. Try again; if it fails again, give the operator the request id."
			shown.Extensions = map[string]any{"code": internalCode}
		}
		return shown
	}
}

// operationOf is the operation that a context belongs to; nil if there is none yet.
func operationOf(ctx context.Context) *ast.OperationDefinition {
	if !graphql.HasOperationContext(ctx) {
		return nil
	}
	return graphql.GetOperationContext(ctx).Operation
}

// Extensions are the extensions of the error that a client sees.
func Extensions(f *fault.Error) map[string]any {
	e := map[string]any{"code": codes[f.Kind]}
	if f.Code == share.TooManyRequests || f.Code == string(database.Uncertain) {
		e["code"] = f.Code // so that transports answer 429, and no client retries automatically what may have been done
	} else if f.Code != codes[f.Kind] {
		e["reason"] = f.Code
	}
	if f.RetryAfter > 0 {
		e[transport.RetryAfterSeconds] = f.RetryAfter
	}
	if f.Field != "" {
		e["field"] = f.Field
	}
	return e
}

// Presented is an error as the presenter shows it, for errors that do not pass through it.
func Presented(f *fault.Error) *gqlerror.Error {
	return &gqlerror.Error{Message: fault.Sentence(f.Message), Extensions: Extensions(f)}
}

// Refused answers an operation without executing it.
func Refused(f *fault.Error) graphql.ResponseHandler { return RefusedBy(Presented(f)) }

// RefusedBy is Refused for an error as clients see it.
func RefusedBy(err *gqlerror.Error) graphql.ResponseHandler {
	return graphql.OneShot(&graphql.Response{Errors: gqlerror.List{err}})
}

// withoutSuggestions removes the names that the validator suggests. They would reveal the
// schema to callers who may not read it.
func withoutSuggestions(message string) string {
	before, _, _ := strings.Cut(message, " Did you mean ")
	return before
}

// Recovered turns a panic of a resolver into an internal error.
func Recovered(log *slog.Logger) graphql.RecoverFunc {
	return func(ctx context.Context, p any) error {
		log.ErrorContext(ctx, "a resolver panicked", "panic", p, "stack", string(debug.Stack()))
		return errPanicked
	}
}

var errPanicked = errors.New("panic in a resolver")
