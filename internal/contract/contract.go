// Package contract compares two versions of the API. A change is breaking if an operation
// or a variable that was valid may be refused or answered in another form; the rules are
// those of findBreakingChanges of graphql-js, with the defaults of arguments.
package contract

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Change is a breaking change.
type Change struct {
	// At is the schema coordinate, such as Student.grade or Query.students(first:).
	At string
	// What has become of it, for people.
	What string
}

func (c Change) String() string { return c.At + " " + c.What }

// Breaking returns what of the old schema breaks in the new one, by coordinate.
func Breaking(old, now *ast.Schema) []Change {
	var d difference
	for name, was := range old.Types {
		is := now.Types[name]
		switch {
		case was.BuiltIn || strings.HasPrefix(name, "__"):
		case is == nil:
			d.add(name, "was removed")
		case is.Kind != was.Kind:
			d.add(name, "was %s and is %s", was.Kind, is.Kind)
		default:
			d.compare(was, is)
		}
	}
	for name, was := range old.Directives {
		is := now.Directives[name]
		if is == nil {
			d.add("@"+name, "was removed")
			continue
		}
		d.arguments("@"+name, was.Arguments, is.Arguments)
		for _, place := range was.Locations {
			if !slices.Contains(is.Locations, place) {
				d.add("@"+name, "is no longer valid on %s", place)
			}
		}
		if was.IsRepeatable && !is.IsRepeatable {
			d.add("@"+name, "is no longer repeatable")
		}
	}
	slices.SortFunc(d.changes, func(a, b Change) int { return strings.Compare(a.String(), b.String()) })
	return d.changes
}

type difference struct{ changes []Change }

func (d *difference) add(at, what string, args ...any) {
	d.changes = append(d.changes, Change{at, fmt.Sprintf(what, args...)})
}

func (d *difference) compare(was, is *ast.Definition) {
	for _, name := range was.Interfaces {
		if !slices.Contains(is.Interfaces, name) {
			d.add(was.Name, "is no longer a %s", name)
		}
	}
	for _, name := range was.Types {
		if !slices.Contains(is.Types, name) {
			d.add(was.Name, "can no longer be a %s", name)
		}
	}
	for _, v := range was.EnumValues {
		if is.EnumValues.ForName(v.Name) == nil {
			d.add(was.Name+"."+v.Name, "was removed")
		}
	}
	if isOneOf(is) && !isOneOf(was) {
		d.add(was.Name, "takes exactly one of its fields")
	}
	for _, f := range was.Fields {
		at, after := was.Name+"."+f.Name, is.Fields.ForName(f.Name)
		switch {
		case after == nil:
			d.add(at, "was removed")
		case was.Kind == ast.InputObject:
			d.input(at, f.Type, after.Type, f.DefaultValue, after.DefaultValue)
		default:
			if !gives(f.Type, after.Type) {
				d.add(at, "was %s and is %s", f.Type, after.Type)
			}
			d.arguments(at, f.Arguments, after.Arguments)
		}
	}
	if was.Kind != ast.InputObject {
		return
	}
	for _, f := range is.Fields {
		if was.Fields.ForName(f.Name) == nil && f.Type.NonNull && f.DefaultValue == nil {
			d.add(is.Name+"."+f.Name, "is new and required")
		}
	}
}

func isOneOf(t *ast.Definition) bool { return t.Directives.ForName("oneOf") != nil }

func (d *difference) arguments(of string, was, is ast.ArgumentDefinitionList) {
	for _, a := range was {
		at := of + "(" + a.Name + ":)"
		if after := is.ForName(a.Name); after == nil {
			d.add(at, "was removed")
		} else {
			d.input(at, a.Type, after.Type, a.DefaultValue, after.DefaultValue)
		}
	}
	for _, a := range is {
		if was.ForName(a.Name) == nil && a.Type.NonNull && a.DefaultValue == nil {
			d.add(of+"("+a.Name+":)", "is new and required")
		}
	}
}

// input compares an argument, or a field of an input.
func (d *difference) input(at string, was, is *ast.Type, before, after *ast.Value) {
	switch {
	case !takes(was, is, after != nil):
		d.add(at, "was %s and is %s", was, is)
	case text(before) != text(after):
		d.add(at, "has the default %s, and had %s", text(after), text(before))
	}
}

func text(v *ast.Value) string {
	if v == nil {
		return "none"
	}
	return v.String()
}

// gives reports whether whoever reads the old type can read the new one.
func gives(was, is *ast.Type) bool {
	switch {
	case was.NonNull && !is.NonNull, (was.Elem == nil) != (is.Elem == nil):
		return false
	case was.Elem != nil:
		return gives(was.Elem, is.Elem)
	default:
		return was.NamedType == is.NamedType
	}
}

// takes reports whether what was sent for the old type can be sent for the new one.
func takes(was, is *ast.Type, hasDefault bool) bool {
	switch {
	case is.NonNull && !was.NonNull && !hasDefault, (was.Elem == nil) != (is.Elem == nil):
		return false
	case was.Elem != nil:
		return takes(was.Elem, is.Elem, false)
	default:
		return was.NamedType == is.NamedType
	}
}
