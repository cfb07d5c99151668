package limit

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/openhomeroom/homeroom/graph/problem"
	"github.com/openhomeroom/homeroom/graph/share"
	"github.com/openhomeroom/homeroom/internal/allowance"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// heavy are the mutations that keep a core busy for up to a second. Their price limits how
// many fit into one operation. Here the number of such operations at a time is limited.
var heavy = map[string]bool{"correctBulkJobRow": true, "eraseStudents": true}

// heavyWait is how long an operation waits for others to end.
const heavyWait = 5 * time.Second

var errTooManyHeavy = share.RetryLater(share.TooManyRequests,
	"You have another correction or erasure running; wait for it to end.")

// FewHeavy limits how many operations with a heavy mutation run at a time, for one caller
// and for all. Others wait, but not for long.
func FewHeavy(l Limits) graphql.ResponseMiddleware {
	turns := allowance.New[share.Caller](int64(l.Heavy), int64(l.AllHeavy))
	return func(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
		id, known := share.CallerOf(viewer.FromContext(ctx))
		if !known || !hasHeavy(graphql.GetOperationContext(ctx)) {
			return next(ctx)
		}
		if err := turns.Wait(ctx, id, 1, heavyWait); err != nil {
			return problem.RefusedBy(share.Refusal(err, errTooManyHeavy))(ctx)
		}
		defer turns.Give(id, 1)
		return next(ctx)
	}
}

func hasHeavy(oc *graphql.OperationContext) bool {
	if oc.Operation == nil || oc.Operation.Operation != ast.Mutation {
		return false
	}
	if oc.Variables == nil && len(oc.Operation.VariableDefinitions) > 0 {
		return false // it does not run, because of its variables
	}
	for _, f := range graphql.CollectFields(oc, oc.Operation.SelectionSet, []string{"Mutation"}) {
		if heavy[f.Name] {
			return true
		}
	}
	return false
}
