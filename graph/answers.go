package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/openhomeroom/homeroom/internal/allowance"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// What the answers of one caller, and of all, may take until they are sent, in bytes.
const (
	answersEach = 64 << 20
	answersAll  = 512 << 20
)

var errTooMuchUnread = tooMany("answers of yours are still to be read; read them, or ask for less at once")

// roomForAnswers bounds what waits to be sent: a client that reads nothing keeps what has
// been computed for it, when its turn is over.
func roomForAnswers(answers *allowance.Allowance[callerID]) graphql.ResponseMiddleware {
	return func(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
		resp := next(ctx)
		op := graphql.GetOperationContext(ctx).Operation
		id, known := callerOf(viewer.FromContext(ctx))
		if !known || resp == nil || op == nil || op.Operation == ast.Subscription {
			return resp
		}
		size := 2 * int64(len(resp.Data)) // It is copied to be sent.
		if answers.Take(id, size) != nil {
			if op.Operation == ast.Mutation {
				return refusedBy(presented(errMade))(ctx)
			}
			return refused(errTooMuchUnread)(ctx)
		}
		// The context of a request ends when its answer has been sent, or cannot be.
		context.AfterFunc(ctx, func() { answers.Give(id, size) })
		return resp
	}
}
