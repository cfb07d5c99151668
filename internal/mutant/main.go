// Command mutant puts small faults into the code, one at a time, and tells which of
// them no test notices. The table is faults.txt; each fault is a text of a file and
// what stands there instead, with the tests that should notice. It is applied as an
// overlay, so that nothing in the working tree changes.
package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

func main() {
	parallel := flag.Int("parallel", 2, "how many faults are tried at a time")
	since := flag.String("since", "", "only folders in which something has changed since this commit")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: go run ./internal/mutant [-parallel n] [-since commit] [folder or part of a reason]...")
		flag.PrintDefaults()
	}
	flag.Parse()
	missed, err := run(*parallel, *since, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutant:", err)
		os.Exit(2)
	}
	if missed > 0 {
		os.Exit(1)
	}
}

const table = "internal/mutant/faults.txt"

// run tries the faults of the table that a filter names, in folders that have changed
// since a commit, and returns how many of them nobody noticed.
func run(parallel int, since string, filter []string) (missed int, err error) {
	content, err := os.ReadFile(table)
	if err != nil {
		return 0, fmt.Errorf("%w: run it at the root of the repository", err)
	}
	faults, err := parse(bytes.NewReader(content))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", table, err)
	}
	faults = slices.DeleteFunc(faults, func(f fault) bool { return !f.isNamed(filter) })
	if since != "" {
		folders, err := changedSince(since)
		if err != nil {
			return 0, err
		}
		faults = slices.DeleteFunc(faults, func(f fault) bool { return !slices.Contains(folders, path.Dir(f.file)) })
		if len(faults) == 0 {
			return 0, nil
		}
	}
	if len(faults) == 0 {
		return 0, errors.New("no fault of the table is named so")
	}
	folder, err := os.MkdirTemp("", "homeroom-mutant-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(folder)

	noticed, errs := make([]bool, len(faults)), make([]error, len(faults))
	var wait sync.WaitGroup
	turn := make(chan struct{}, max(parallel, 1))
	for i, f := range faults {
		turn <- struct{}{}
		wait.Go(func() {
			defer func() { <-turn }()
			noticed[i], errs[i] = f.isNoticed(filepath.Join(folder, fmt.Sprint(i)))
			word := map[bool]string{true: "noticed", false: "MISSED"}[noticed[i]]
			if errs[i] != nil {
				word = "ERROR"
			}
			fmt.Printf("%-8s %s: %s\n", word, f.file, f.why)
		})
	}
	wait.Wait()
	fmt.Print("\n", score(faults, noticed))
	for i, ok := range noticed {
		if !ok && errs[i] == nil {
			missed++
		}
	}
	return missed, errors.Join(errs...)
}

// changedSince are the folders in which files have changed since a commit.
func changedSince(commit string) (folders []string, err error) {
	output, err := exec.Command("git", "diff", "--name-only", commit, "--").Output()
	if err != nil {
		return nil, fmt.Errorf("what has changed since %s: %w", commit, err)
	}
	for file := range strings.FieldsSeq(string(output)) {
		folders = append(folders, path.Dir(file))
	}
	return folders, nil
}

// isNamed says whether a filter names the fault; an empty one names all.
func (f fault) isNamed(filter []string) bool {
	return len(filter) == 0 || slices.ContainsFunc(filter, func(part string) bool {
		return strings.HasPrefix(f.file, strings.TrimPrefix(part, "./")) || strings.Contains(f.why, part)
	})
}

// isNoticed runs the tests of a fault with the fault in the code.
func (f fault) isNoticed(folder string) (bool, error) {
	content, err := os.ReadFile(f.file)
	if err != nil {
		return false, err
	}
	changed, err := f.apply(string(content))
	if err != nil {
		return false, err
	}
	overlay, err := writeOverlay(folder, f.file, changed)
	if err != nil {
		return false, err
	}
	// What is not looked at is not made: vet, and symbols for a debugger.
	args := append([]string{"test", "-vet=off", "-ldflags=-s -w", "-overlay", overlay, "-failfast"}, f.tests...)
	output, err := exec.Command("go", args...).CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil && bytes.Contains(output, []byte("no tests to run")):
		return false, fmt.Errorf("faults.txt:%d: go %s runs no test", f.line, strings.Join(args[6:], " "))
	case err == nil:
		return false, nil
	case !errors.As(err, &exit):
		return false, err
	case bytes.Contains(output, []byte("[build failed]")) || bytes.Contains(output, []byte("[setup failed]")):
		return false, fmt.Errorf("faults.txt:%d: the code does not compile with the fault:\n%s", f.line, output)
	}
	return true, nil
}

// writeOverlay writes a file, and the overlay that puts it in the place of another.
func writeOverlay(folder, file, content string) (string, error) {
	absolute, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	changed, overlay := filepath.Join(folder, "changed.go"), filepath.Join(folder, "overlay.json")
	text, err := json.Marshal(map[string]map[string]string{"Replace": {absolute: changed}})
	if err != nil {
		return "", err
	}
	return overlay, errors.Join(os.MkdirAll(folder, 0o700), os.WriteFile(changed, []byte(content), 0o600), os.WriteFile(overlay, text, 0o600))
}

// score is a line for each package.
func score(faults []fault, noticed []bool) string {
	type count struct{ noticed, of int }
	counts := map[string]count{}
	for i, f := range faults {
		c := counts[path.Dir(f.file)]
		if c.of++; noticed[i] {
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
