// Package selection says which fields an operation selects.
package selection

import (
	"context"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Has reports whether the current field selects one of the paths below it, such as
// "nodes.groups".
func Has(ctx context.Context, paths ...string) bool {
	if !graphql.HasOperationContext(ctx) {
		return false
	}
	op := graphql.GetOperationContext(ctx)
	top := graphql.CollectFieldsCtx(ctx, nil)
	for _, path := range paths {
		if Within(op, top, strings.Split(path, ".")) {
			return true
		}
	}
	return false
}

// Within reports whether one of several fields is the first of a path and selects the rest
// of it.
func Within(op *graphql.OperationContext, fields []graphql.CollectedField, path []string) bool {
	for _, f := range fields {
		if f.Name != path[0] {
			continue
		}
		if len(path) == 1 || Within(op, Collect(op, f.Selections), path[1:]) {
			return true
		}
	}
	return false
}

// Collect returns the fields of a selection, with those of its fragments.
func Collect(op *graphql.OperationContext, set ast.SelectionSet) []graphql.CollectedField {
	return graphql.CollectFields(op, set, nil)
}

// Under returns the paths of a field below each of several others; an empty one stands for
// the current field.
func Under(prefixes []string, field string) []string {
	paths := make([]string, len(prefixes))
	for i, p := range prefixes {
		paths[i] = strings.TrimPrefix(p+"."+field, ".")
	}
	return paths
}
