package graph

import (
	"context"
	"errors"
	"log/slog"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"homeroom/ent/db/privacy"
	"homeroom/internal/fault"
)

// codes are the values of extensions.code, by the kind of the error. They are
// those that Apollo's servers use, where Apollo has one.
var codes = map[fault.Kind]string{
	fault.Unauthenticated: "UNAUTHENTICATED",
	fault.NotFound:        "NOT_FOUND",
	fault.Forbidden:       "FORBIDDEN",
	fault.Invalid:         "BAD_USER_INPUT",
	fault.Conflict:        "CONFLICT",
	fault.TooLarge:        "PAYLOAD_TOO_LARGE",
	fault.Unavailable:     "UNAVAILABLE",
}

const internalCode = "INTERNAL_SERVER_ERROR"

// presentError returns the error that a client sees. What is not meant for
// people is logged here, once, and shown as an internal error.
func presentError(log *slog.Logger) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		var from *gqlerror.Error
		if errors.As(err, &from) && from.Err == nil {
			// The parser's and the validator's own errors, which gqlgen has given a code.
			return from
		}
		shown := &gqlerror.Error{Path: graphql.GetPath(ctx)}
		switch f := fault.From(err); {
		case f != nil && f.Kind != fault.Internal:
			shown.Message = sentence(f.Message)
			shown.Extensions = map[string]any{"code": codes[f.Kind]}
			if f.Code != codes[f.Kind] {
				shown.Extensions["reason"] = f.Code
			}
			if f.Field != "" {
				shown.Extensions["field"] = f.Field
			}
		case errors.Is(err, privacy.Deny):
			log.WarnContext(ctx, "a policy denied what a resolver asked for", "path", shown.Path.String(), "error", err)
			shown.Message = "There is nothing of that kind in your purview."
			shown.Extensions = map[string]any{"code": codes[fault.NotFound]}
		case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
			shown.Message = "The operation took too long; ask for less at once, or try again."
			shown.Extensions = map[string]any{"code": "TIMEOUT"}
		default:
			log.ErrorContext(ctx, "a resolver failed", "path", shown.Path.String(), "error", err)
			shown.Message = "Something went wrong on the server. Try again; if it stays so, tell the operator the request id."
			shown.Extensions = map[string]any{"code": internalCode}
		}
		return shown
	}
}

// recovered turns a panic of a resolver into an internal error.
func recovered(log *slog.Logger) graphql.RecoverFunc {
	return func(ctx context.Context, p any) error {
		log.ErrorContext(ctx, "a resolver panicked", "panic", p, "stack", stack())
		return errors.New("panic in a resolver")
	}
}
