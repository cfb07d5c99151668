package document

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/openhomeroom/homeroom/graph/scalar"
	"github.com/openhomeroom/homeroom/graph/transport"
)

// badInput is the code for a variable that makes no sense, as in Apollo's servers.
const badInput = "BAD_USER_INPUT"

// scalars reads the scalars whose values gqlparser does not check: those of this schema,
// and Int, for which it only checks that there are no decimals. An Upload is never a
// variable.
var scalars = map[string]func(value any) error{
	"Date":     func(value any) error { _, err := scalar.UnmarshalDate(value); return err },
	"DateTime": func(value any) error { _, err := scalar.UnmarshalDateTime(value); return err },
	"Int":      whole,
}

// wanted says what to send for a scalar, as the object of "send".
var wanted = map[string]string{
	"Int":      "a whole number between -2147483648 and 2147483647",
	"Float":    "a number",
	"String":   "a text",
	"Boolean":  "true or false",
	"ID":       "an ID, as text",
	"Date":     `a day such as "2026-11-18"`,
	"DateTime": `an instant such as "2026-11-18T15:04:05Z"`,
	"Upload":   "a file, as the GraphQL multipart request specification says",
}

// whole reports whether a value fits an Int of GraphQL, which has 32 bits.
func whole(value any) error {
	var n int64
	switch x := value.(type) {
	case json.Number:
		return whole(x.String())
	case string: // gqlparser accepts it, and older clients send it.
		var err error
		if n, err = strconv.ParseInt(x, 10, 64); err != nil {
			return err
		}
	case float64:
		n = int64(max(math.MinInt64, min(x, math.MaxInt32+1)))
	case int64:
		n = x
	case int:
		n = int64(x)
	}
	if n < math.MinInt32 || n > math.MaxInt32 {
		return fmt.Errorf("%d has more than 32 bits", n)
	}
	return nil
}

// Rules are the rules by which documents are validated: those of GraphQL, and one for the
// scalars of this schema. Each call returns a new set, because gqlgen changes it.
func Rules() *rules.Rules {
	r := rules.NewDefaultRules()
	r.AddRule("ScalarValues", func(observers *core.Events, addError core.AddErrFunc) {
		observers.OnValue(func(_ *core.Walker, value *ast.Value) {
			if value.Definition == nil || value.Kind == ast.Variable || value.Kind == ast.NullValue ||
				value.Kind == ast.ListValue && value.ExpectedType != nil && value.ExpectedType.Elem != nil {
				return
			}
			read, known := scalars[value.Definition.Name]
			if !known || value.Definition.Name == "Int" && value.Kind != ast.IntValue {
				return // The rules of GraphQL check the others.
			}
			if plain, err := value.Value(nil); err != nil || read(plain) != nil {
				addError(core.Message("%s is not of the type %s; send %s.", value.String(), value.Definition.Name,
					wanted[value.Definition.Name]), core.At(value.Position))
			}
		})
	})
	return r
}

// checkVariables reports the first variable that gqlparser has accepted and that cannot be
// read, such as an invalid Date.
func (g *Guard) checkVariables(oc *graphql.OperationContext) *gqlerror.Error {
	for _, v := range oc.Operation.VariableDefinitions {
		if value, given := oc.Variables[v.Variable]; given {
			path := ast.Path{ast.PathName("variable"), ast.PathName(v.Variable)}
			if bad := g.unreadable(v.Type, value, path); bad != nil {
				t := g.typeAt(oc.Operation, bad)
				return refusedVariable(bad, "%s is not of the type %s; send %s.", variableName(bad), t, g.describe(t, false))
			}
		}
	}
	return nil
}

// unreadable returns the path to the first value that cannot be read; it is nil if there
// is none.
func (g *Guard) unreadable(t *ast.Type, value any, path ast.Path) ast.Path {
	if value == nil {
		return nil
	}
	if t.Elem != nil {
		list, several := value.([]any)
		if !several {
			return g.unreadable(t.Elem, value, path)
		}
		for i, item := range list {
			if bad := g.unreadable(t.Elem, item, append(path, ast.PathIndex(i))); bad != nil {
				return bad
			}
		}
		return nil
	}
	if read, known := scalars[t.NamedType]; known && read(value) != nil {
		return slices.Clone(path)
	}
	object, is := value.(map[string]any)
	if !is {
		return nil
	}
	for _, field := range g.schema.Schema().Types[t.NamedType].Fields {
		if bad := g.unreadable(field.Type, object[field.Name], append(path, ast.PathName(field.Name))); bad != nil {
			return bad
		}
	}
	return nil
}

// ExplainVariable turns an error of gqlparser about a variable into a message that says
// which one it is and what to send. It returns nil if the error is about something else.
// names says whether the caller may read the names in the schema.
func (g *Guard) ExplainVariable(op *ast.OperationDefinition, bad *gqlerror.Error, names bool) *gqlerror.Error {
	if op == nil || len(bad.Path) < 2 || bad.Path[0] != ast.PathName("variable") || bad.Extensions["code"] == badInput {
		return nil
	}
	name := variableName(bad.Path)
	if bad.Message == "unknown field" {
		within := g.typeAt(op, bad.Path[:len(bad.Path)-1])
		if within == nil {
			return nil
		}
		text := fmt.Sprintf("%s does not exist: %s has no such field.", name, within.Name())
		if alike := g.alike(within, bad.Path[len(bad.Path)-1]); names && len(alike) > 0 {
			text += fmt.Sprintf(" Did you mean %s?", strings.Join(alike, " or "))
		}
		return refusedVariable(bad.Path, "%s", text)
	}
	t := g.typeAt(op, bad.Path)
	if t == nil {
		return nil
	}
	why := "is not of the type " + t.String()
	switch bad.Message {
	case "must be defined":
		why = "is missing"
	case "cannot be null":
		why = "is null"
	}
	return refusedVariable(bad.Path, "%s %s; send %s.", name, why, g.describe(t, names))
}

func refusedVariable(path ast.Path, format string, args ...any) *gqlerror.Error {
	err := transport.Errorf(badInput, "The variable "+format, args...)
	err.Path = path
	return err
}

// variableName writes a path as people do: $input.events[1].seconds.
func variableName(path ast.Path) string { return "$" + path[1:].String() }

// typeAt returns the type of the value at a path; it is nil if there is none.
func (g *Guard) typeAt(op *ast.OperationDefinition, path ast.Path) *ast.Type {
	name, _ := path[1].(ast.PathName)
	v := op.VariableDefinitions.ForName(string(name))
	if v == nil {
		return nil
	}
	t := v.Type
	for _, step := range path[2:] {
		if _, is := step.(ast.PathIndex); is {
			if t.Elem != nil {
				t = t.Elem
			}
			continue
		}
		name, _ := step.(ast.PathName)
		field := g.schema.Schema().Types[t.Name()].Fields.ForName(string(name))
		if field == nil {
			return nil
		}
		t = field.Type
	}
	return t
}

// describe says what to send for a type.
func (g *Guard) describe(t *ast.Type, names bool) string {
	if t.Elem != nil {
		return "a list of which each entry is " + g.describe(t.Elem, names)
	}
	if text, known := wanted[t.NamedType]; known {
		return text
	}
	def := g.schema.Schema().Types[t.NamedType]
	if def.Kind == ast.Enum && names {
		var values []string
		for _, v := range def.EnumValues {
			values = append(values, v.Name)
		}
		return "one of " + strings.Join(values, ", ")
	}
	if def.Kind == ast.Enum {
		return "a value of " + t.NamedType
	}
	return "an object of the type " + t.NamedType
}

// alike returns the names of fields that somebody may have meant.
func (g *Guard) alike(within *ast.Type, step ast.PathElement) []string {
	name, _ := step.(ast.PathName)
	fields := map[string]bool{}
	for _, f := range g.schema.Schema().Types[within.Name()].Fields {
		fields[f.Name] = true
	}
	return core.SuggestionList(string(name), slices.Sorted(maps.Keys(fields)))
}
