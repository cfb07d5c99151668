package document

import (
	"context"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/graph/transport"
	"github.com/openhomeroom/homeroom/internal/page"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// costs adds up what an operation can cost; each fragment is visited once. A field is one
// point, a list is its rows times the cost of a row, and each entry of a list that is sent
// is a part of a point. Further prices of fields are in price.go.
type costs struct {
	schema     *ast.Schema
	limit      int
	variables  map[string]any
	known      map[string]int
	introspect bool
}

// MutateOperationContext checks what only the validated operation shows: its variables, its
// cost with them, and whether it reads the schema.
func (g *Guard) MutateOperationContext(ctx context.Context, oc *graphql.OperationContext) *gqlerror.Error {
	if bad := g.checkVariables(oc); bad != nil {
		return bad
	}
	c := &costs{schema: g.schema.Schema(), limit: g.limits.Complexity, variables: oc.Variables, known: map[string]int{}}
	if n := c.selection(oc.Operation.SelectionSet); n > g.limits.Complexity {
		return over("TOO_COMPLEX",
			"The operation costs %d points, but at most %d are allowed; a field of a list counts once for each row that first "+
				"or last asks for.", n,
			g.limits.Complexity)
	}
	oc.DisableIntrospection = !g.limits.Introspection.Allows(viewer.FromContext(ctx))
	if c.introspect && oc.DisableIntrospection {
		return transport.Errorf("INTROSPECTION_DISABLED",
			"You may not read the schema here; the documentation of the API describes it.")
	}
	return nil
}

func (c *costs) selection(set ast.SelectionSet) (n int) {
	for _, selection := range set {
		switch x := selection.(type) {
		case *ast.Field:
			n = sum(n, c.field(x))
		case *ast.InlineFragment:
			n = sum(n, c.selection(x.SelectionSet))
		case *ast.FragmentSpread:
			cost, known := c.known[x.Name]
			if !known {
				cost = c.selection(x.Definition.SelectionSet)
				c.known[x.Name] = cost
			}
			n = sum(n, cost)
		}
	}
	return n
}

func (c *costs) field(f *ast.Field) int {
	child := c.selection(f.SelectionSet)
	if f.Name == "__schema" || f.Name == "__type" {
		c.introspect = true
	}
	if strings.HasPrefix(f.Name, "__") && f.Definition == nil {
		return sum(child, 1)
	}
	// A field of an interface costs as much as in the most expensive type behind it.
	types := []string{f.ObjectDefinition.Name}
	for _, t := range c.schema.GetPossibleTypes(f.ObjectDefinition) {
		types = append(types, t.Name)
	}
	arguments := f.ArgumentMap(c.variables)
	rows, extra := 0, 0
	for _, name := range types {
		rows = max(rows, rowsOf(name, f.Definition, arguments))
		extra = max(extra, c.price(name+"."+f.Name, arguments))
	}
	return sum(sum(product(child, rows), sum(extra, entries(arguments)/entriesAPoint)), 1)
}

// rowsOf is how many values a field can have.
func rowsOf(parent string, field *ast.FieldDefinition, arguments map[string]any) int {
	name := parent + "." + field.Name
	switch {
	case paged(field):
		return pageOf(arguments)
	case rowsByArguments[name] != nil:
		return max(1, rowsByArguments[name](arguments))
	case field.Type.Elem == nil:
		return 1
	case listRows[name] != 0:
		return listRows[name]
	case field.Name == "nodes" || field.Name == "edges" || field.Name == "userErrors":
		return 1 // The page around them, or the input, was counted.
	default:
		return unknownList
	}
}

// paged reports whether a field is a list whose length the caller chooses.
func paged(field *ast.FieldDefinition) bool {
	return field.Arguments.ForName("first") != nil || field.Arguments.ForName("last") != nil
}

// pageOf is how many rows the caller asks for. A page that is too large is refused later,
// when it is read.
func pageOf(arguments map[string]any) int {
	for _, name := range []string{"first", "last"} {
		if v, given := arguments[name]; given && v != nil {
			return min(max(1, number(v)), page.Max)
		}
	}
	return page.Default
}

// number reads an Int from a literal, a variable or a type of gqlgen. Anything else is
// refused later, and counts as much as possible.
func number(v any) int {
	switch x := v.(type) {
	case int:
		return x
	case int32:
		return int(x)
	case int64:
		return int(min(x, enough))
	case float64:
		return int(min(x, enough))
	case json.Number:
		return number(string(x))
	case string:
		if n, err := strconv.Atoi(x); err == nil {
			return n
		}
	}
	return page.Max
}

// entries is how many entries the lists in a value have, including nested ones.
func entries(value any) (n int) {
	if object, ok := value.(map[string]any); ok {
		for _, v := range object {
			n += entries(v)
		}
		return n
	}
	// gqlgen gives variables as slices of their own types.
	if list := reflect.ValueOf(value); list.Kind() == reflect.Slice {
		n = list.Len()
		for i := range n {
			n += entries(list.Index(i).Interface())
		}
	}
	return n
}

// listAt is the length of the list at a path of the arguments, such as input.studentIds; 0
// if there is none. A single value counts as a list of one.
func listAt(arguments map[string]any, path string) int {
	var at any = arguments
	for step := range strings.SplitSeq(path, ".") {
		object, ok := at.(map[string]any)
		if !ok {
			return 0
		}
		at = object[step]
	}
	switch list := reflect.ValueOf(at); {
	case at == nil:
		return 0
	case list.Kind() == reflect.Slice:
		return list.Len()
	default:
		return 1
	}
}

func product(a, b int) int {
	if b > 0 && a > enough/b {
		return enough
	}
	return a * b
}
