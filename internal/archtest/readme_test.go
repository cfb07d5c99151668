package archtest_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	named   = regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z]\\w*)`")
	defined = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)[A-Z]\w*)\(`)
)

// TestEveryTestThatIsNamedExists reads the pages of the project. They say which test holds a
// promise, and a test that was renamed or removed would leave the promise without one.
func TestEveryTestThatIsNamedExists(t *testing.T) {
	t.Parallel()
	exists := map[string]bool{}
	pages := map[string]string{}
	err := fs.WalkDir(os.DirFS("../.."), ".", func(path string, d fs.DirEntry, err error) error {
		name := d.Name()
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == "node_modules" || name == "testdata" || name == ".git"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, "_test.go") && !strings.HasSuffix(name, ".md"):
			return nil
		}
		text, err := os.ReadFile(filepath.Join("../..", path))
		if err != nil {
			return err
		}
		if strings.HasSuffix(name, ".md") {
			pages[path] = string(text)
			return nil
		}
		for _, m := range defined.FindAllStringSubmatch(string(text), -1) {
			exists[m[1]] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(exists) < 100 || len(pages) < 10 {
		t.Fatalf("found %d tests and %d pages", len(exists), len(pages))
	}
	for path, text := range pages {
		for _, m := range named.FindAllStringSubmatch(text, -1) {
			if !exists[m[1]] {
				t.Errorf("%s names %s, which is no test", path, m[1])
			}
		}
	}
}

// TestEveryInvariantHasATest reads the tables of invariants in the READMEs of packages.
func TestEveryInvariantHasATest(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"audit", "identity", "job", "roster", "usage"} {
		text, err := os.ReadFile(filepath.Join("..", name, "README.md"))
		if err != nil {
			t.Fatal(err)
		}
		_, table, found := strings.Cut(string(text), "| invariant | test |\n| --- | --- |\n")
		if !found {
			t.Errorf("the README of %s has no table of invariants", name)
			continue
		}
		table, _, _ = strings.Cut(table, "\n\n")
		for row := range strings.Lines(table) {
			if !named.MatchString(row) {
				t.Errorf("the README of %s names no test in %q", name, row)
			}
		}
	}
}
