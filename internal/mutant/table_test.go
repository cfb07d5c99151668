package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestEveryFaultIsStillThere finds the faults whose text the code no longer has.
func TestEveryFaultIsStillThere(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	table, err := os.Open("faults.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	faults, err := parse(table)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		content, err := os.ReadFile(filepath.Join(root, f.file))
		if err != nil {
			t.Errorf("faults.txt:%d: %v", f.line, err)
			continue
		}
		if _, err := f.apply(string(content)); err != nil {
			t.Error(err)
		}
	}
}

func TestATableThatSaysTooLittleIsRefused(t *testing.T) {
	t.Parallel()
	for name, table := range map[string]string{
		"a fault without a file":       "# why\ntest: ./x\n-old\n",
		"a fault without a test":       "# why\nfile: x.go\n-old\n",
		"a fault without a text":       "# why\nfile: x.go\ntest: ./x\n+new\n",
		"a line that belongs nowhere":  "# why\nfile: x.go\ntest: ./x\n-old\nnew\n",
		"a fault that gives no reason": "file: x.go\ntest: ./x\n-old\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if faults, err := parse(strings.NewReader(table)); err == nil {
				t.Errorf("it was read as %+v", faults)
			}
		})
	}
}

func TestAFaultReplacesItsTextOnce(t *testing.T) {
	t.Parallel()
	f := fault{file: "x.go", old: "a < b", replacement: "a <= b"}
	if got, err := f.apply("if a < b {"); err != nil || got != "if a <= b {" {
		t.Errorf("%q %v", got, err)
	}
	for _, content := range []string{"if b > a {", "if a < b || a < b {"} {
		if got, err := f.apply(content); err == nil {
			t.Errorf("%q became %q", content, got)
		}
	}
}

func TestAFaultIsOfThePackagesThatHaveChanged(t *testing.T) {
	t.Parallel()
	f := fault{file: "internal/hold/sum.go", tests: []string{"./internal/job", "-run", "TestHold"}}
	for file, want := range map[string]bool{
		"internal/hold/own.go":         true,
		"internal/hold/own_test.go":    true,
		"internal/job/hold_test.go":    true,
		"internal/job/hold.go":         false,
		"internal/hold/README.md":      false,
		"internal/job/testdata/a.json": false,
		"graph/price.go":               false,
	} {
		if got := touchedBy([]string{file}).concerns(f); got != want {
			t.Errorf("after a change of %s: %v", file, got)
		}
	}
}

func TestASampleIsAlwaysTheSame(t *testing.T) {
	t.Parallel()
	one := []fault{{file: "a", why: "1"}, {file: "a", why: "2"}, {file: "b", why: "1"}, {file: "c", why: "3"}}
	other := []fault{one[2], one[0], one[3], one[1]}
	sample(one)
	sample(other)
	for i, f := range one {
		if other[i].file != f.file || other[i].why != f.why {
			t.Fatalf("%+v and %+v", one, other)
		}
	}
}

var testFunction = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Example)\w*)\(`)

// TestEveryFaultHasATest finds the faults whose tests have another name by now. A trial
// would end with an error there.
func TestEveryFaultHasATest(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	table, err := os.ReadFile("faults.txt")
	if err != nil {
		t.Fatal(err)
	}
	faults, err := parse(bytes.NewReader(table))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		packages, flags := f.split()
		names := func(of string) *regexp.Regexp {
			at := slices.Index(flags, of)
			if at < 0 {
				return nil
			}
			// What follows a slash is about subtests, of which -skip then leaves some out.
			first, _, isAboutSubtests := strings.Cut(flags[at+1], "/")
			if of == "-skip" && isAboutSubtests {
				return nil
			}
			return regexp.MustCompile(first)
		}
		run, skip := names("-run"), names("-skip")
		if !slices.ContainsFunc(packages, func(folder string) bool {
			files, err := filepath.Glob(filepath.Join(root, folder, "*_test.go"))
			if err != nil || strings.HasSuffix(folder, "...") {
				return err == nil
			}
			return slices.ContainsFunc(files, func(name string) bool {
				content, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				return slices.ContainsFunc(testFunction.FindAllSubmatch(content, -1), func(m [][]byte) bool {
					return (run == nil || run.Match(m[1])) && (skip == nil || !skip.Match(m[1]))
				})
			})
		}) {
			t.Errorf("faults.txt:%d: go test %s runs no test", f.line, strings.Join(f.tests, " "))
		}
	}
}
