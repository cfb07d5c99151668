package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestEveryFaultCompiles finds the faults that the compiler would notice instead of a
// test. make mutants cannot try them. They come about when the code around a fault is
// changed.
func TestEveryFaultCompiles(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile("faults.txt")
	if err != nil {
		t.Fatal(err)
	}
	faults, err := parse(bytes.NewReader(table))
	if err != nil {
		t.Fatal(err)
	}
	byFolder := map[string][]fault{}
	for _, f := range faults {
		byFolder[path.Dir(f.file)] = append(byFolder[path.Dir(f.file)], f)
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	c := newChecker(t, root, slices.Sorted(maps.Keys(byFolder)))
	for folder, faults := range byFolder {
		for _, err := range c.check(folder, faults) {
			t.Error(err)
		}
	}
}

// TestAFaultThatDoesNotCompileIsFound is the test of the one above.
func TestAFaultThatDoesNotCompileIsFound(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for name, content := range map[string]string{
		"go.mod":  "module x\n\ngo 1.24\n",
		"x/x.go":  "package x\n\nfunc f(a, b int) bool {\n\tc := a < b\n\treturn c\n}\n",
		"x/xx.go": "package x\n\nimport \"os\"\n\nconst limit = 1\n\nvar g = f(limit, len(os.Args))\n",
	} {
		if err := os.MkdirAll(filepath.Join(root, path.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := newChecker(t, root, []string{"x"})
	function := fault{file: "x/x.go", tests: []string{"./x"}}
	outside := fault{file: "x/xx.go", tests: []string{"./x"}}
	for i, want := range []struct {
		f                fault
		old, replacement string
		compiles         bool
	}{
		{function, "a < b", "a <= b", true},
		{function, "a < b", "a <= d", false},
		{function, "return c", "return true", false},
		{function, "return c", "return", false},
		{function, "c := a < b", "c := a <", false},
		{outside, "limit = 1", "limit = 2", true},
		{outside, "limit = 1", "limit = true", false},
		{outside, "len(os.Args)", "1", false},
		{outside, "const limit = 1", "", false},
	} {
		want.f.old, want.f.replacement, want.f.line = want.old, want.replacement, i+1
		if errs := c.check("x", []fault{want.f}); (len(errs) == 0) != want.compiles {
			t.Errorf("%q instead of %q: %v", want.replacement, want.old, errs)
		}
	}
}

// checker checks the types of packages with faults in them.
type checker struct {
	root     string
	files    map[string][]string // By folder: the names of the files of the package.
	imported types.Importer
	position *token.FileSet
}

// newChecker asks the go command for the files of packages, and for the types that they
// import.
func newChecker(t *testing.T, root string, folders []string) *checker {
	t.Helper()
	args := []string{"list", "-export", "-deps", "-f",
		"{{.Dir}}\t{{.ImportPath}}\t{{.Export}}\t{{join .GoFiles \" \"}}"}
	for _, folder := range folders {
		args = append(args, "./"+folder)
	}
	list := exec.Command("go", args...)
	list.Dir = root
	var complaints bytes.Buffer
	list.Stderr = &complaints
	output, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, complaints.Bytes())
	}
	c := &checker{root: root, files: map[string][]string{}, position: token.NewFileSet()}
	exports := map[string]string{}
	for line := range strings.Lines(string(output)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		exports[fields[1]] = fields[2]
		if folder, err := filepath.Rel(root, fields[0]); err == nil {
			c.files[filepath.ToSlash(folder)] = strings.Fields(fields[3])
		}
	}
	c.imported = importer.ForCompiler(c.position, "gc", func(name string) (io.ReadCloser, error) {
		return os.Open(exports[name])
	})
	return c
}

// Import returns the package that the switches are in, which nobody has compiled, and all
// others as they were compiled.
func (c *checker) Import(name string) (*types.Package, error) {
	if name != chosenImport {
		return c.imported.Import(name)
	}
	p := types.NewPackage(name, "chosen")
	p.Scope().Insert(types.NewVar(token.NoPos, p, "Fault", types.Typ[types.Int]))
	p.MarkComplete()
	return p, nil
}

// check returns what keeps the faults of a package from being compiled. As in a trial,
// all of them are compiled at once behind switches, and where that is impossible, each by
// itself.
func (c *checker) check(folder string, faults []fault) (problems []error) {
	together, behind := map[string]string{}, map[int]bool{}
	for _, f := range faults {
		if _, done := together[f.file]; done {
			continue
		}
		content, err := os.ReadFile(filepath.Join(c.root, f.file))
		if err != nil {
			return []error{err}
		}
		ofFile := slices.DeleteFunc(slices.Clone(faults), func(other fault) bool {
			return other.file != f.file || !other.hasCommonTests()
		})
		text, numbers := switched(string(content), ofFile)
		together[f.file] = text
		for _, n := range numbers {
			behind[n] = true
		}
	}
	for _, err := range c.types(folder, together) {
		for _, n := range refused([]byte(err.Error())) {
			delete(behind, n)
		}
	}
	for _, f := range faults {
		if behind[f.line] {
			continue
		}
		content, err := os.ReadFile(filepath.Join(c.root, f.file))
		if err == nil {
			var text string
			if text, err = f.apply(string(content)); err == nil {
				for _, err := range c.types(folder, map[string]string{f.file: text}) {
					problems = append(problems,
						fmt.Errorf("faults.txt:%d: the code does not compile with the fault: %w", f.line, err))
				}
				continue
			}
		}
		problems = append(problems, err)
	}
	return problems
}

// types checks the types of a package, some of whose files have another content.
func (c *checker) types(folder string, instead map[string]string) (problems []error) {
	var files []*ast.File
	for _, name := range c.files[folder] {
		var content any
		if text, ok := instead[folder+"/"+name]; ok {
			content = text
		}
		file, err := parser.ParseFile(c.position, filepath.Join(c.root, folder, name), content, parser.SkipObjectResolution)
		if err != nil {
			return []error{err}
		}
		files = append(files, file)
	}
	config := types.Config{Importer: c, Error: func(err error) { problems = append(problems, err) }}
	if _, err := config.Check(folder, c.position, files, nil); err != nil && len(problems) == 0 {
		return []error{err}
	}
	return problems
}
