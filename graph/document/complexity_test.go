package document_test

import (
	"slices"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/openhomeroom/homeroom/graph/document"
	"github.com/openhomeroom/homeroom/graph/generated"
)

// TestEveryListHasACost fails for whatever is added to the schema without a thought
// about what it costs.
func TestEveryListHasACost(t *testing.T) {
	t.Parallel()
	for _, field := range document.Uncounted(generated.NewExecutableSchema(generated.Config{}).Schema()) {
		t.Errorf("%s; say in price.go what it costs", field)
	}
	// A missing entry is found.
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: `
		type PageInfo { x: Int }
		type ThingEdge { node: Thing }
		type ThingConnection { nodes: [Thing!]! edges: [ThingEdge!]! }
		type Thing { id: ID! nodes: [Thing!]! parts: [Thing!]! names: [String!]! }
		input Many { ids: [[ID!]!]! }
		type Query { things: ThingConnection! page(first: Int): ThingConnection! some: [Thing!] }
		type Mutation { change(in: Many): Thing }`})
	got := document.Uncounted(schema)
	slices.Sort(got)
	want := []string{
		"Mutation.change: a mutation without a price", "Query.some: a list without a number of rows",
		"Query.things: a page that the caller does not bound", "Thing.nodes: it is named like a page's and is none",
		"Thing.parts: a list without a number of rows",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
