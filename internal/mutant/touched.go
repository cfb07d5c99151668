package main

import (
	"fmt"
	"os/exec"
	"path"
	"slices"
	"strings"
)

// touched says where code has changed.
type touched struct {
	// folders are those with any change, and tests are those with changed tests.
	folders, tests []string
}

// changedSince returns where code has changed since a commit; changes that are not
// committed count.
func changedSince(commit string) (touched, error) {
	output, err := exec.Command("git", "diff", "--name-only", commit, "--").Output()
	if err != nil {
		return touched{}, fmt.Errorf("what has changed since %s: %w", commit, err)
	}
	return touchedBy(strings.Fields(string(output))), nil
}

// touchedBy returns the folders of the files that are code.
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

// concerns reports whether the code of a fault, or one of the tests that should notice it,
// has changed.
func (t touched) concerns(f fault) bool {
	return slices.Contains(t.folders, path.Dir(f.file)) || slices.Contains(t.tests, path.Clean(f.tests[0]))
}
