package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// first and last are the numbers of the faults in shapes.
const first, last = 1, 18

// shapes is a program in which each function returns or prints "right", or "wrong" with a
// fault in it. Each function has a different shape.
const shapes = `//go:build !never

// Package main has a comment.
package main // and another one

import "fmt"

type thing struct{ word string }

type list[T any] []T

type bag[_ any] struct{}

func started() string { return "right-01" }

var before = started()

func init() { fmt.Println("init", "right-02") }

func init() {
	fmt.Println("init", "right-03")
}

func (thing) withoutName() string { return "right-04" }

func (_ *thing) withBlankName(int, ...string) string {
	return "right-05"
}

func (t thing) named(_ int, _, word string) (result string, err error) {
	defer func() { result += t.word }()
	result = word + "right-06"
	return
}

func variadic(words ...string) string { return fmt.Sprint(len(words), words) + "right-07" }

func jumps(n int) string {
again:
	if n++; n < 3 {
		goto again
	}
	return fmt.Sprint(n, "right-08")
}

func (l list[T]) first() (T, string) { return l[0], "right-09" }

func (bag[_]) blank() string { return "right-10" }

func pick[K comparable, V any](m map[K]V, key K) (V, string) { return m[key], "right-11" }

func only[K comparable]() string {
	var k K
	return fmt.Sprint(k) + "right-12"
}

func nothing(
	say func(string),
	_ struct {
		a, b int
	},
) {
	say("right-13")
}

func recurses(n int) string {
	if n == 0 {
		return ""
	}
	return recurses(n-1) + "right-14 "
}

func recovers() (word string) {
	defer func() {
		if recover() != nil {
			word = "right-15;"
		}
	}()
	panic("no")
}

func shadows(fmt string, string int) (a, b any) { return fmt, "right-16" }

// Braces in a text do not count.
func braces() string { return "{ right-17" } // here }

func main() {
	t := thing{"."}
	value := t.named
	word, _ := value(1, "", "a ")
	n, first := list[int]{7}.first()
	v, picked := pick(map[string]int{"x": 3}, "x")
	_, shadowed := shadows("", 1)
	fmt.Println(before, t.withoutName(), (&t).withBlankName(1, "a"), word, variadic("a", "b"), jumps(0), n, first)
	fmt.Println(bag[int]{}.blank(), v, picked, only[int](), recurses(2), recovers(), shadowed, braces())
	nothing(func(s string) { fmt.Println(s, "right-18") }, struct{ a, b int }{})
}
`

// TestAFunctionOfEachShapeIsChosen runs a program with a fault in each of its functions:
// without any in effect, and with each of them.
func TestAFunctionOfEachShapeIsChosen(t *testing.T) {
	t.Parallel()
	var faults []fault
	for n := first; n <= last; n++ {
		old, _, _ := strings.Cut(shapes[strings.Index(shapes, fmt.Sprintf("right-%02d", n)):], `"`)
		faults = append(faults, fault{old: old + `"`, replacement: strings.Replace(old, "right", "wrong", 1) + `"`, line: n})
	}
	content, numbers := switched(shapes, faults)
	if len(numbers) != len(faults) {
		t.Errorf("only %v have a switch", numbers)
	}
	if kept, _, _ := strings.Cut(content, "\n//line "); strings.Count(kept, "\n") != strings.Count(shapes, "\n") {
		t.Errorf("lines have moved:\n%s", kept)
	}
	run := built(t, content)
	right := run(0)
	if strings.Contains(right, "wrong") {
		t.Errorf("without a fault: %s", right)
	}
	for n := first; n <= last; n++ {
		want := strings.ReplaceAll(right, fmt.Sprintf("right-%02d", n), fmt.Sprintf("wrong-%02d", n))
		if want == right {
			t.Errorf("nobody calls the function of fault %d", n)
		}
		if got := run(n); got != want {
			t.Errorf("with fault %d:\n%swant\n%s", n, got, want)
		}
	}
}

// writeFiles writes files with the folders they are in.
func writeFiles(t *testing.T, folder string, files map[string]string) {
	t.Helper()
	for file, content := range files {
		path := filepath.Join(folder, file)
		err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), 0o600))
		if err != nil {
			t.Fatal(err)
		}
	}
}

// built compiles a program and returns what it prints with a fault in effect.
func built(t *testing.T, content string) func(number int) string {
	t.Helper()
	folder := t.TempDir()
	writeFiles(t, folder, map[string]string{
		"go.mod":                    "module github.com/openhomeroom/homeroom\n\ngo 1.26\n",
		"main.go":                   content,
		chosenFolder + "/chosen.go": chosenContent,
	})
	build := exec.Command("go", "build", "-o", "program", ".")
	build.Dir = folder
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, output, content)
	}
	return func(number int) string {
		cmd := exec.Command(filepath.Join(folder, "program"))
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", variable, number))
		output, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("with fault %d: %v\n%s", number, err, output)
		}
		return string(output)
	}
}

func TestWhatHasNoSwitch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ code, replacement string }{
		"a constant":                     {"const a = OLD", "2"},
		"a function outside of another":  {"var f = func() int { return OLD }", "2"},
		"a type":                         {"type a struct { OLD int }", "b"},
		"a result":                       {"func f() OLD { return 1 }", "int8"},
		"the name of a function":         {"func OLD() {}", "f"},
		"a part of two functions":        {"func f() { OLD }", "} ; func g() {"},
		"a text that is not of Go":       {"func f() { OLD }", "if {"},
		"a comment":                      {"func f() { OLD }", "//"},
		"who recovers":                   {"func f() { recover(); OLD }", "g()"},
		"who looks at the caller":        {"func f() { runtime.Caller(1); OLD }", "g()"},
		"who tells the compiler":         {"//go:noinline\nfunc f() { OLD }", "g()"},
		"a file that is not of Go":       {"func f() { OLD ", "g()"},
		"a text that stands there twice": {"func f() { OLD; OLD }", "g()"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			content := "package x\n" + c.code + "\n"
			got, numbers := switched(content, []fault{{old: "OLD", replacement: c.replacement, line: 1}})
			if len(numbers) > 0 || got != content {
				t.Errorf("it became\n%s", got)
			}
		})
	}
}

// TestAFaultIsWhatDiffers gives the text of a fault more than what the fault changes.
func TestAFaultIsWhatDiffers(t *testing.T) {
	t.Parallel()
	content := "package x\n\nfunc f() bool { return 1 < 2 } // so it is\n"
	content, numbers := switched(content, []fault{{
		old: "func f() bool { return 1 < 2 } // so", replacement: "func f() bool { return 2 < 1 } // so", line: 1,
	}})
	if len(numbers) != 1 || !strings.Contains(content, "func f_fault1() bool { return 2 < 1 }") {
		t.Errorf("%v in\n%s", numbers, content)
	}
	same := fault{old: "a", replacement: "a"}
	if start, end, replacement, err := same.difference("bab"); start != end || replacement != "" || err != nil {
		t.Errorf("%d to %d are to be %q, %v", start, end, replacement, err)
	}
}
