package document_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/openhomeroom/homeroom/graph/document"
	"github.com/openhomeroom/homeroom/graph/generated"
)

// hasOneRow are the lists that usually have one entry, or as many as a page or an input
// around them, which counts them.
var hasOneRow = []string{"nodes", "edges", "userErrors", "Organization.notifications", "UsageReport.notifications",
	"Query.dashboardNotifications", "Subscription.dashboardNotifications", "BulkJobProblemGroup.rows",
	"AssignStudentsToGroupsPayload.students", "AssignStudentsToGroupsPayload.groups",
	"RemoveStudentsFromGroupsPayload.students", "RemoveStudentsFromGroupsPayload.groups", "RestoreStudentsPayload.students",
	"EraseStudentsPayload.certificates", "EraseStudentsPayload.erasures", "__Schema.directives", "__Type.interfaces"}

// TestWhateverMakesAnOperationDearerIsSeen walks the schema. Each field is asked for in an
// operation of its own, twice: with one entry of a page or of a list that is sent, and with
// many; and with one field of each row of a list, and with two. The second operation must
// cost more.
func TestWhateverMakesAnOperationDearerIsSeen(t *testing.T) {
	t.Parallel()
	w := walk{T: t, schema: generated.NewExecutableSchema(generated.Config{}).Schema()}
	pages, sent, rows := 0, 0, 0
	for _, p := range w.places() {
		for _, f := range w.schema.Types[p.of].Fields {
			for _, argument := range []string{"first", "last"} {
				if f.Arguments.ForName(argument) == nil {
					continue
				}
				pages++
				w.dearer(p, f, argument, func(n int) string {
					return w.field(f, "__typename", fmt.Sprintf("%s: %d", argument, 40*n))
				})
			}
			for _, a := range f.Arguments {
				for _, path := range w.lists(a.Type, nil) {
					sent++
					w.dearer(p, f, strings.Join(append([]string{a.Name}, path...), "."), func(n int) string {
						return w.field(f, "__typename", a.Name+": "+w.value(a.Type, path, 100*(n-1)+1))
					})
				}
			}
			isPage := f.Arguments.ForName("first") != nil
			if f.Type.Elem != nil && !isPage && w.schema.Types[f.Type.Name()].IsCompositeType() {
				rows++
				one := w.cost(p, w.field(f, "a: __typename"))
				if more := w.cost(p, w.field(f, "a: __typename b: __typename")) - one; more < 2 &&
					!slices.Contains(hasOneRow, f.Name) && !slices.Contains(hasOneRow, p.of+"."+f.Name) {
					t.Errorf("%s.%s is a list, and another field of it costs %d", p.of, f.Name, more)
				}
			}
		}
	}
	if pages < 15 || sent < 40 || rows < 90 {
		t.Errorf("the walk has seen %d pages, %d lists that are sent and %d that are answered", pages, sent, rows)
	}
}

// walk goes through a schema.
type walk struct {
	*testing.T
	schema *ast.Schema
}

// place is a selection of a type within an operation.
type place struct{ of, before, after string }

// places returns the shortest way to each type.
func (w walk) places() []place {
	all := []place{{w.schema.Query.Name, "query {", "}"}, {w.schema.Mutation.Name, "mutation {", "}"},
		{w.schema.Subscription.Name, "subscription {", "}"}}
	known := map[string]bool{}
	for _, p := range all {
		known[p.of] = true
	}
	for i := 0; i < len(all); i++ {
		p := all[i]
		for _, f := range w.schema.Types[p.of].Fields {
			to := w.schema.Types[f.Type.Name()]
			if !to.IsCompositeType() {
				continue
			}
			for _, next := range append([]*ast.Definition{to}, w.schema.GetPossibleTypes(to)...) {
				if known[next.Name] || next.Kind == ast.Union {
					continue
				}
				known[next.Name] = true
				before, after, _ := strings.Cut(w.field(f, "... on "+next.Name+" { | }"), "|")
				all = append(all, place{next.Name, p.before + before, after + p.after})
			}
		}
	}
	return all
}

// dearer compares an operation with much of something with one that has little.
func (w walk) dearer(p place, f *ast.FieldDefinition, what string, field func(n int) string) {
	w.Helper()
	if few, many := w.cost(p, field(1)), w.cost(p, field(5)); many <= few {
		w.Errorf("%s.%s costs %d points with little %s, and %d with much", p.of, f.Name, few, what, many)
	}
}

func (w walk) cost(p place, field string) int {
	w.Helper()
	n, err := document.Cost(w.schema, 60_000, p.before+field+p.after, nil)
	if err != nil {
		w.Fatalf("%s%s%s: %v", p.before, field, p.after, err)
	}
	return n
}

// field writes a field with a selection and some arguments, and with those that it needs.
func (w walk) field(f *ast.FieldDefinition, selection string, given ...string) string {
	for _, a := range f.Arguments {
		has := slices.ContainsFunc(given, func(g string) bool { return strings.HasPrefix(g, a.Name+":") })
		switch {
		case has:
		case a.Name == "first" && !slices.ContainsFunc(given, func(g string) bool { return strings.HasPrefix(g, "last:") }):
			given = append(given, "first: 1") // So that the way to a type stays cheap.
		case a.Type.NonNull && a.DefaultValue == nil:
			given = append(given, a.Name+": "+w.value(a.Type, nil, 1))
		}
	}
	text := f.Name
	if len(given) > 0 {
		text += "(" + strings.Join(given, ", ") + ")"
	}
	if w.schema.Types[f.Type.Name()].IsCompositeType() {
		text += " { " + selection + " }"
	}
	return text
}

// lists are the ways to all lists in a value.
func (w walk) lists(t *ast.Type, above []string) (paths [][]string) {
	if t.Elem != nil {
		return [][]string{nil}
	}
	if slices.Contains(above, t.NamedType) {
		return nil
	}
	for _, f := range w.schema.Types[t.NamedType].Fields {
		for _, path := range w.lists(f.Type, append(above, t.NamedType)) {
			paths = append(paths, append([]string{f.Name}, path...))
		}
	}
	return paths
}

// value writes a value with what it needs, and with n entries in the list at a path.
func (w walk) value(t *ast.Type, path []string, n int) string {
	if t.Elem != nil {
		return "[" + strings.TrimSuffix(strings.Repeat(w.value(t.Elem, nil, 1)+", ", n), ", ") + "]"
	}
	d := w.schema.Types[t.NamedType]
	switch {
	case d.Kind == ast.Enum:
		return d.EnumValues[0].Name
	case d.Kind == ast.InputObject:
		var fields []string
		oneOf := d.Directives.ForName("oneOf") != nil
		for i, f := range d.Fields {
			on := len(path) > 0 && path[0] == f.Name
			if on {
				fields = append(fields, f.Name+": "+w.value(f.Type, path[1:], n))
			} else if f.Type.NonNull && f.DefaultValue == nil || oneOf && len(path) == 0 && i == 0 {
				fields = append(fields, f.Name+": "+w.value(f.Type, nil, 1))
			}
		}
		return "{" + strings.Join(fields, ", ") + "}"
	case t.NamedType == "Int" || t.NamedType == "Float":
		return "1"
	case t.NamedType == "Boolean":
		return "true"
	default:
		return `"x"`
	}
}
