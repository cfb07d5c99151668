package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

const (
	// variable is the environment variable with the number of the fault that is in effect.
	variable = "HOMEROOM_FAULT"
	// chosenFolder and chosenContent are a package that exists only in overlays. Each
	// changed file imports it under a name that no code uses.
	chosenFolder  = "internal/mutant/chosen"
	chosenImport  = "github.com/openhomeroom/homeroom/" + chosenFolder
	chosenName    = "fault_chosen"
	chosenContent = `package chosen

import (
	"os"
	"strconv"
)

// Fault is the number of the fault that is in effect; 0 is none.
var Fault, _ = strconv.Atoi(os.Getenv("` + variable + `"))
`
)

// switched returns the content of a file with faults behind a switch, and the numbers of
// those faults. For each fault, the function that it changes is cloned under another name,
// with the fault in it. The original begins with a switch:
//
//	func f(a int) error { switch fault_chosen.Fault { case 12: return f_fault12(a) }; …
//
// Some faults cannot be put behind a switch and are missing in the result: those outside
// of functions or in a signature, and those in a function that cannot be cloned.
func switched(content string, faults []fault) (text string, numbers []int) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "", content, parser.ParseComments)
	if err != nil {
		return content, nil
	}
	s := source{text: content, offset: func(p token.Pos) int { return files.Position(p).Offset }}
	bodies, clones := map[*ast.FuncDecl][]int{}, ""
	for _, f := range faults {
		start, end, replacement, err := f.difference(content)
		if err != nil {
			continue
		}
		function := s.functionAround(file, start, end)
		if function == nil || !canBeCloned(function) {
			continue
		}
		clone := s.clone(function, f.line, s.text[s.offset(function.Body.Lbrace):start]+replacement+
			s.text[end:s.offset(function.Body.Rbrace)+1])
		if !isOneFunction(clone) {
			continue
		}
		// The line number in an error of the compiler is that of the fault.
		clones += fmt.Sprintf("\n//line fault%d.go:1\n%s\n", f.line, clone)
		bodies[function] = append(bodies[function], f.line)
		numbers = append(numbers, f.line)
	}
	if len(numbers) == 0 {
		return content, nil
	}
	s.insert(s.offset(file.Name.End()), 0, fmt.Sprintf("; import %s %q", chosenName, chosenImport))
	for function, numbers := range bodies {
		s.switchIn(function, numbers)
	}
	return s.edited() + clones, numbers
}

// source is the text of a file that is being edited.
type source struct {
	text   string
	offset func(token.Pos) int
	edits  []edit
}

type edit struct {
	at, length int
	text       string
}

func (s *source) insert(at, instead int, text string) {
	s.edits = append(s.edits, edit{at, instead, text})
}

// of returns the text of a part of the file.
func (s *source) of(start, end token.Pos) string { return s.text[s.offset(start):s.offset(end)] }

func (s *source) edited() string {
	slices.SortFunc(s.edits, func(a, b edit) int { return cmp.Compare(a.at, b.at) })
	var b strings.Builder
	at := 0
	for _, e := range s.edits {
		b.WriteString(s.text[at:e.at] + e.text)
		at = e.at + e.length
	}
	return b.String() + s.text[at:]
}

// functionAround returns the function whose body contains a part of the file.
func (s *source) functionAround(file *ast.File, start, end int) *ast.FuncDecl {
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil &&
			s.offset(f.Body.Lbrace) < start && end <= s.offset(f.Body.Rbrace) {
			return f
		}
	}
	return nil
}

// canBeCloned reports whether a clone of a function, called by the original, does the
// same. That is uncertain for a function with a compiler directive, one that recovers, and
// one that looks at its caller.
func canBeCloned(f *ast.FuncDecl) bool {
	if f.Doc != nil && slices.ContainsFunc(f.Doc.List, func(c *ast.Comment) bool {
		return strings.HasPrefix(c.Text, "//go:") || strings.HasPrefix(c.Text, "//export ")
	}) {
		return false
	}
	can := true
	look := func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			can = can && !(ok && x.Name == "runtime" && strings.HasPrefix(n.Sel.Name, "Caller"))
		case *ast.FuncLit:
			// A function literal in it recovers by itself.
			return false
		case *ast.Ident:
			can = can && n.Name != "recover"
		}
		return true
	}
	ast.Inspect(f.Body, look)
	return can
}

// isOneFunction reports whether a text is one function and nothing else.
func isOneFunction(text string) bool {
	const head = "package x\n"
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "", head+text, parser.SkipObjectResolution)
	if err != nil || len(file.Decls) != 1 {
		return false
	}
	f, ok := file.Decls[0].(*ast.FuncDecl)
	return ok && files.Position(f.End()).Offset == len(head+text)
}

// parameter is a receiver or parameter with its name and type.
type parameter struct{ name, typ string }

// parameters returns those of a list, each with a name. When the file is edited, a
// parameter without a name, or with a blank one, gets one.
func (s *source) parameters(list *ast.FieldList, edit bool) (found []parameter) {
	if list == nil {
		return nil
	}
	add := func(at, end token.Pos, name string, field *ast.Field) {
		if name == "" {
			name = fmt.Sprintf("fault_p%d", s.offset(field.Pos())+len(found))
			if edit && at == end {
				s.insert(s.offset(at), 0, name+" ")
			} else if edit {
				s.insert(s.offset(at), s.offset(end)-s.offset(at), name)
			}
		}
		found = append(found, parameter{name, s.of(field.Type.Pos(), field.Type.End())})
	}
	for _, field := range list.List {
		if len(field.Names) == 0 {
			add(field.Type.Pos(), field.Type.Pos(), "", field)
		}
		for _, name := range field.Names {
			if name.Name == "_" {
				add(name.Pos(), name.End(), "", field)
			} else {
				add(name.Pos(), name.End(), name.Name, field)
			}
		}
	}
	return found
}

// hasGenericReceiver reports whether a function is a method of a generic type.
func hasGenericReceiver(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return false
	}
	t := ast.Unparen(f.Recv.List[0].Type)
	if star, ok := t.(*ast.StarExpr); ok {
		t = ast.Unparen(star.X)
	}
	switch t.(type) {
	case *ast.IndexExpr, *ast.IndexListExpr:
		return true
	}
	return false
}

func cloneName(f *ast.FuncDecl, number int) string {
	return fmt.Sprintf("%s_fault%d", f.Name.Name, number)
}

// clone returns a function with another name and another body. A method becomes a function
// whose first parameter is the receiver, so that the method set of the type stays the
// same. A method of a generic type stays a method.
func (s *source) clone(f *ast.FuncDecl, number int, body string) string {
	head, rest := "func ", ""
	receiver, parameters := s.parameters(f.Recv, false), s.parameters(f.Type.Params, false)
	if hasGenericReceiver(f) {
		head += "(" + receiver[0].name + " " + receiver[0].typ + ") "
	} else {
		parameters = append(receiver, parameters...)
	}
	head += cloneName(f, number)
	if f.Type.TypeParams != nil {
		head += s.of(f.Type.TypeParams.Pos(), f.Type.TypeParams.End())
	}
	list := make([]string, len(parameters))
	for i, p := range parameters {
		list[i] = p.name + " " + p.typ
	}
	if f.Type.Results != nil {
		rest = " " + s.of(f.Type.Results.Pos(), f.Type.Results.End())
	}
	return head + "(" + strings.Join(list, ", ") + ")" + rest + " " + body
}

// switchIn inserts the switch at the beginning of a function, in the same line.
func (s *source) switchIn(f *ast.FuncDecl, numbers []int) {
	receiver, parameters := s.parameters(f.Recv, true), s.parameters(f.Type.Params, true)
	var of, with string
	if hasGenericReceiver(f) {
		of = receiver[0].name + "."
	} else {
		parameters = append(receiver, parameters...)
	}
	if f.Type.TypeParams != nil {
		var names []string
		for _, field := range f.Type.TypeParams.List {
			for _, name := range field.Names {
				names = append(names, name.Name)
			}
		}
		with = "[" + strings.Join(names, ", ") + "]"
	}
	arguments := make([]string, len(parameters))
	for i, p := range parameters {
		arguments[i] = p.name
		if strings.HasPrefix(p.typ, "...") {
			arguments[i] += "..."
		}
	}
	cases := ""
	for _, number := range numbers {
		call := of + cloneName(f, number) + with + "(" + strings.Join(arguments, ", ") + ")"
		if f.Type.Results.NumFields() > 0 {
			call = "return " + call
		} else {
			call += "; return"
		}
		cases += fmt.Sprintf("case %d: %s; ", number, call)
	}
	s.insert(s.offset(f.Body.Lbrace)+1, 0, fmt.Sprintf(" switch %s.Fault { %s}; ", chosenName, cases))
}
