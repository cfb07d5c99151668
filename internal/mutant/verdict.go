package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// verdict is the result for a fault.
type verdict string

const (
	untried   verdict = ""
	noticed   verdict = "noticed"
	unnoticed verdict = "MISSED"
	failed    verdict = "ERROR"
)

// try runs the tests of a fault with the fault in the code, and returns which test has
// noticed it.
func (t *trial) try(ctx context.Context, f fault, folder string) (v verdict, by string, err error) {
	var s suite = alone{f, folder}
	if paths, ok := t.program.compile(ctx, f); ok {
		s = behindSwitch{f, paths}
	}
	if t.isOver() {
		return untried, "", nil
	}
	within := t.limit
	if t.within > 0 {
		within = min(t.limit, max(t.left(), time.Second))
	} else if err := t.green.check(f, s, t.limit); err != nil {
		// A test that fails without the fault would seem to notice it. If time is short,
		// this check is skipped, because all tests have just passed.
		return failed, "", fmt.Errorf("faults.txt:%d: %w", f.line, err)
	}
	output, err := s.run(true, within)
	var exit *exec.ExitError
	switch {
	case err == nil && runNoTest(output):
		return failed, "", fmt.Errorf("faults.txt:%d: go test %s runs no test", f.line, strings.Join(f.tests, " "))
	case err == nil:
		return unnoticed, "", nil
	case !errors.As(err, &exit):
		return failed, "", err
	case bytes.Contains(output, []byte("[build failed]")) || bytes.Contains(output, []byte("[setup failed]")):
		return failed, "", fmt.Errorf("faults.txt:%d: the code does not compile with the fault:\n%s", f.line, output)
	case t.isOver() && bytes.Contains(output, []byte("panic: test timed out")):
		return untried, "", nil
	}
	return noticed, failedTest(output), nil
}

var failedTests = regexp.MustCompile(`(?m)^(?:--- FAIL: (\S+)|\t+(Test\w+)(?:/.*)? \(\d)`)

// failedTest returns the first test that has failed or did not end; it is empty if the
// output names none.
func failedTest(output []byte) string {
	if m := failedTests.FindSubmatch(output); m != nil {
		return string(m[1]) + string(m[2])
	}
	return ""
}

func runNoTest(output []byte) bool { return bytes.Contains(output, []byte("no tests to run")) }

// score returns a line for each package.
func score(faults []fault, verdicts []verdict) string {
	type count struct{ noticed, of int }
	counts := map[string]count{}
	for i, f := range faults {
		c := counts[path.Dir(f.file)]
		if verdicts[i] == untried {
			continue
		}
		if c.of++; verdicts[i] == noticed {
			c.noticed++
		}
		counts[path.Dir(f.file)] = c
	}
	var lines []string
	for folder, c := range counts {
		lines = append(lines, fmt.Sprintf("%-24s %3d of %3d  %3d %%\n", folder, c.noticed, c.of, 100*c.noticed/c.of))
	}
	slices.SortFunc(lines, cmp.Compare[string])
	return strings.Join(lines, "")
}
