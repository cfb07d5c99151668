package main

import (
	"strings"
	"testing"
	"time"
)

// TestEachFaultHasItsVerdict tries faults of a small module: behind a switch if that is
// possible, and otherwise alone.
func TestEachFaultHasItsVerdict(t *testing.T) {
	folder := t.TempDir()
	writeFiles(t, folder, map[string]string{
		"go.mod": "module github.com/openhomeroom/homeroom\n\ngo 1.26\n",
		"x/x.go": `package x

const one = 1

func Two() int { return 1 + one }

func Three() int {
	two := Two()
	return two + 1
}

func Four() int { return 4 }
`,
		"x/x_test.go": `package x_test

import (
	"os"
	"testing"

	"github.com/openhomeroom/homeroom/x"
)

func TestThree(t *testing.T) {
	if _, err := os.Stat("x_test.go"); err != nil {
		t.Fatal("it runs elsewhere")
	}
	if x.Three() != 3 {
		t.Error(x.Three())
	}
}

func TestFive(t *testing.T) { t.Error("it always fails") }
`,
		"y/y_test.go": "package y_test\n\nimport \"testing\"\n\nfunc TestY(*testing.T) {}\n",
		"faults.txt": `file: x/x.go
test: ./y ./x -run ^TestThree$
# One is two.
-const one = 1
+const one = 2
# Two is three.
-return 1 + one
+return 2 + one
# Three waits for ever.
-	two := Two()
+	two := Two(); select {}
# Three forgets two.
-	return two + 1
+	return 3
# Four is five.
-return 4
+return 5
# Four is nothing.
-return 4
+return nothing
test: ./x -run ^TestFive$
# Four is six.
-return 4
+return 6
test: ./x -run ^TestSix$
# Four is seven.
-return 4
+return 7
`,
	})
	t.Chdir(folder)
	var out strings.Builder
	most := trial{table: "faults.txt", parallel: 1, limit: time.Minute, out: &out, filter: []string{"is", "forgets"}}
	ran, missed, err := most.run()
	if ran != 7 || missed != 1 {
		t.Errorf("%d ran, %d were missed", ran, missed)
	}
	for _, line := range []string{
		"noticed  x/x.go: One is two. (TestThree)",
		"noticed  x/x.go: Two is three. (TestThree)",
		"ERROR    x/x.go: Three forgets two.",
		"MISSED   x/x.go: Four is five.",
		"ERROR    x/x.go: Four is nothing.",
		"ERROR    x/x.go: Four is six.",
		"ERROR    x/x.go: Four is seven.",
		"\nx                          2 of   7   28 %\n7 of 7 faults",
		// The constant, and what does not compile.
		", 3 of them compiled by themselves; 1 were missed.",
	} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("%q is missing in\n%s", line, &out)
		}
	}
	for _, text := range []string{"declared and not used: two", "undefined: nothing", "TestFive$ fails without a fault",
		"TestSix$ runs no test"} {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%q is missing in %v", text, err)
		}
	}
	endless := trial{table: "faults.txt", parallel: 1, limit: time.Second, out: &out, filter: []string{"waits"}}
	ran, missed, err = endless.run()
	waits := "noticed  x/x.go: Three waits for ever. (TestThree)"
	if ran != 1 || missed != 0 || err != nil || !strings.Contains(out.String(), waits) {
		t.Errorf("of a test that never ends: %d %d %v\n%s", ran, missed, err, &out)
	}
}
