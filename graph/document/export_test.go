package document

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/openhomeroom/homeroom/internal/page"
)

// Uncounted returns the fields of a schema without a cost: lists without a number of rows,
// pages that the caller does not limit, mutations without a price, and mutations whose
// price does not grow with the lists of their input.
func Uncounted(schema *ast.Schema) (fields []string) {
	for _, t := range schema.Types {
		if t.Kind != ast.Object && t.Kind != ast.Interface {
			continue
		}
		for _, f := range t.Fields {
			name := t.Name + "." + f.Name
			of := schema.Types[f.Type.Name()]
			isPage := strings.HasSuffix(of.Name, "Connection")
			ofPage := strings.HasSuffix(t.Name, "Connection")
			switch {
			case isPage && (!paged(f) || pageOf(map[string]any{"first": page.Max}) != page.Max):
				fields = append(fields, name+": a page that the caller does not bound")
			case (f.Name == "nodes" || f.Name == "edges") && f.Type.Elem != nil && !ofPage && rowsByArguments[name] == nil:
				fields = append(fields, name+": it is named like a page's and is none")
			case of.IsCompositeType() && rowsOf(t.Name, f, nil) == unknownList:
				fields = append(fields, name+": a list without a number of rows")
			}
			if t.Name == "Mutation" && mutationPrices[f.Name] == nil {
				fields = append(fields, name+": a mutation without a price")
			}
			for _, a := range f.Arguments {
				for _, path := range lists(schema, a.Type, a.Name, nil) {
					c := costs{schema: schema, limit: 1 << 20}
					cost := func(n int) int {
						arguments := at(path, n)
						return c.price(name, arguments) + entries(arguments)/entriesAPoint
					}
					if cost(1000) <= cost(1) {
						fields = append(fields, name+": its price does not grow with "+path)
					}
				}
			}
		}
	}
	return fields
}

// lists are the paths of all lists in the value of an argument.
func lists(schema *ast.Schema, t *ast.Type, path string, above []string) (paths []string) {
	if t.Elem != nil {
		return []string{path}
	}
	if slices.Contains(above, t.NamedType) {
		return nil
	}
	for _, f := range schema.Types[t.NamedType].Fields {
		paths = append(paths, lists(schema, f.Type, path+"."+f.Name, append(above, t.NamedType))...)
	}
	return paths
}

// at are arguments with a list of n at a path.
func at(path string, n int) map[string]any {
	first, rest, more := strings.Cut(path, ".")
	if more {
		return map[string]any{first: at(rest, n)}
	}
	return map[string]any{first: make([]any, n)}
}

// Cost returns what an operation on a schema costs if an operation may cost limit.
func Cost(schema *ast.Schema, limit int, query string, variables map[string]any) (int, error) {
	doc, errs := gqlparser.LoadQueryWithRules(schema, query, rules.NewDefaultRules())
	if errs != nil {
		return 0, errs
	}
	c := &costs{schema: schema, limit: limit, variables: variables, known: map[string]int{}}
	return c.selection(doc.Operations[0].SelectionSet), nil
}

// Price is what a field of a type costs beyond its answer.
func Price(limit int, field string, arguments map[string]any) int {
	return (&costs{limit: limit}).price(field, arguments)
}

// KnowsScalar reports whether clients are told what to send for a scalar, and whether its
// values are read before an operation runs.
func KnowsScalar(name string) (described, checked bool) {
	return wanted[name] != "", scalars[name] != nil
}
