package limit

import (
	"context"
	"reflect"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/openhomeroom/homeroom/graph/problem"
	"github.com/openhomeroom/homeroom/graph/transport"
)

// The cost of a list is estimated before an operation runs: price.go says how many rows a
// list usually has. An account with thousands of rows could get answers of any size for a
// few points. So the entries of all lists are counted once they are there, and an answer
// with too many ends.

type entriesKey struct{}

// WithEntries gives each answer a counter.
func WithEntries(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	return next(context.WithValue(ctx, entriesKey{}, &atomic.Int64{}))
}

// FewEntries refuses the list that takes an answer beyond the limit.
func FewEntries(most int) graphql.FieldMiddleware {
	return func(ctx context.Context, next graphql.Resolver) (any, error) {
		found, err := next(ctx)
		field := graphql.GetFieldContext(ctx).Field.Definition
		if err != nil || field == nil || field.Type.Elem == nil {
			return found, err
		}
		list := reflect.ValueOf(found)
		count, counts := ctx.Value(entriesKey{}).(*atomic.Int64)
		if !counts || list.Kind() != reflect.Slice || count.Add(int64(list.Len())) <= int64(most) {
			return found, nil
		}
		if op := graphql.GetOperationContext(ctx).Operation; op.Operation == ast.Mutation {
			return nil, problem.ErrMade
		}
		return nil, transport.Errorf("TOO_COMPLEX", "The lists of the answer would have more than %d entries together. "+
			"Ask for less at once.", most)
	}
}
