package main

import (
	"fmt"
	"os/exec"
	"path"
	"slices"
	"strings"
)

// touched is where code has changed.
type touched struct {
	// folders have changed in any way, tests are those with changed tests.
	folders, tests []string
}

// changedSince is where code has changed since a commit, or has not been committed.
func changedSince(commit string) (touched, error) {
	output, err := exec.Command("git", "diff", "--name-only", commit, "--").Output()
	if err != nil {
		return touched{}, fmt.Errorf("what has changed since %s: %w", commit, err)
	}
	return touchedBy(strings.Fields(string(output))), nil
}

// touchedBy is where the files lie that are code.
func touchedBy(files []string) (t touched) {
	for _, file := range files {
		if path.Ext(file) != ".go" {
			continue
		}
		t.folders = append(t.folders, path.Dir(file))
		if strings.HasSuffix(file, "_test.go") {
			t.tests = append(t.tests, path.Dir(file))
		}
	}
	return t
}

// concerns reports whether a fault is in code that has changed, or is one that tests
// should notice that have changed.
func (t touched) concerns(f fault) bool {
	return slices.Contains(t.folders, path.Dir(f.file)) || slices.Contains(t.tests, path.Clean(f.tests[0]))
}
