package graph

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/openhomeroom/homeroom/internal/allowance"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// heavy are the mutations that take a core for up to a second. How many of them fit
// into one operation their price says; how many operations with one run at a time is
// bounded here.
var heavy = map[string]bool{"correctBulkJobRow": true, "eraseStudents": true}

// heavyWait is how long an operation waits for those of others to end.
const heavyWait = 5 * time.Second

var errTooManyHeavy = retryLater(tooManyRequests,
	"Another correction or erasure of yours is running; wait for it to end.")

// fewHeavy lets a caller, and all callers together, run few operations with a heavy
// mutation at a time; others wait, but not for long.
func fewHeavy(l Limits) graphql.ResponseMiddleware {
	turns := allowance.New[callerID](int64(l.Heavy), int64(l.AllHeavy))
	return func(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
		id, known := callerOf(viewer.FromContext(ctx))
		if !known || !hasHeavy(graphql.GetOperationContext(ctx)) {
			return next(ctx)
		}
		if err := turns.Wait(ctx, id, 1, heavyWait); err != nil {
			return refusedBy(crowded(err, errTooManyHeavy))(ctx)
		}
		defer turns.Give(id, 1)
		return next(ctx)
	}
}

func hasHeavy(oc *graphql.OperationContext) bool {
	if oc.Operation == nil || oc.Operation.Operation != ast.Mutation {
		return false
	}
	for _, f := range graphql.CollectFields(oc, oc.Operation.SelectionSet, []string{"Mutation"}) {
		if heavy[f.Name] {
			return true
		}
	}
	return false
}
