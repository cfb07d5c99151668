package document_test

import (
	"reflect"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/openhomeroom/homeroom/graph/document"
	"github.com/openhomeroom/homeroom/graph/generated"
	"github.com/openhomeroom/homeroom/internal/operation"
)

// TestEveryScalarIsChecked fails for a new scalar whose values nobody looks at before an
// operation runs.
func TestEveryScalarIsChecked(t *testing.T) {
	t.Parallel()
	for name, def := range generated.NewExecutableSchema(generated.Config{}).Schema().Types {
		if def.Kind != ast.Scalar {
			continue
		}
		described, checked := document.KnowsScalar(name)
		if !described {
			t.Errorf("%s: say in variable.go what to send", name)
		}
		if !checked && !def.BuiltIn && name != "Upload" {
			t.Errorf("%s: read it in variable.go", name)
		}
	}
}

// TestOtherExtensionsAreNotKept says that of the extensions of an operation only the hash
// is kept, because a subscription keeps them for as long as it lasts.
func TestOtherExtensionsAreNotKept(t *testing.T) {
	t.Parallel()
	p := document.NewPersisted(document.AnyOperation, nil, nil, nil)
	const query = "{ viewer { __typename } }"
	hash := operation.Hash(query)
	for _, c := range []struct{ sent, kept map[string]any }{
		{nil, nil},
		{map[string]any{"large": []any{1, 2, 3}}, nil},
		{map[string]any{"large": "x", "persistedQuery": map[string]any{"version": "1", "sha256Hash": hash, "more": "x"}},
			map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": hash}}},
	} {
		params := &graphql.RawParams{Query: query, Extensions: c.sent}
		if err := p.MutateOperationParameters(t.Context(), params); err != nil {
			t.Errorf("%v: %v", c.sent, err)
		}
		if !reflect.DeepEqual(params.Extensions, c.kept) {
			t.Errorf("of %v it keeps %v", c.sent, params.Extensions)
		}
	}
}
