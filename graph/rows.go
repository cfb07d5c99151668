package graph

import (
	"context"
	"reflect"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/openhomeroom/homeroom/graph/transport"
)

// What a list costs is estimated before an operation runs: price.go says how many rows it
// has usually. An account with thousands of them would have answers of any size for a few
// points, so that the entries of all lists are counted when they are there, and an answer
// with too many of them ends.

type entriesKey struct{}

// withEntries gives each answer its count.
func withEntries(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	return next(context.WithValue(ctx, entriesKey{}, &atomic.Int64{}))
}

// fewEntries refuses the list with which an answer has more entries than it may.
func fewEntries(most int) graphql.FieldMiddleware {
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
			return nil, errMade
		}
		return nil, transport.Errorf("TOO_COMPLEX", "The lists of the answer would have more than %d entries together. "+
			"Ask for less at once.", most)
	}
}
