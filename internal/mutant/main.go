// Command mutant puts small faults into the code, one at a time, and tells which of
// them no test notices. The table is faults.txt; each fault is a text of a file and
// what stands there instead, with the tests that should notice. It is applied as an
// overlay, so that nothing in the working tree changes.
package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
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
	"time"
)

func main() {
	var t trial
	flag.IntVar(&t.parallel, "parallel", 2, "how many faults are tried at a time")
	flag.StringVar(&t.since, "since", "", "only packages in which something has changed since this commit")
	flag.DurationVar(&t.within, "within", 0,
		"how long all of it may take; where that is too short, a sample is tried that is always the same")
	flag.IntVar(&t.least, "least", 100, "how many percent of what was tried have to be noticed")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(),
			"usage: go run ./internal/mutant [-parallel n] [-since commit] [-within time] [-least percent] [folder "+
				"or part of a reason]...")
		flag.PrintDefaults()
	}
	flag.Parse()
	t.filter = flag.Args()
	ran, missed, err := t.run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutant:", err)
		os.Exit(2)
	}
	if 100*(ran-missed) < t.least*ran {
		os.Exit(1)
	}
}

const table = "internal/mutant/faults.txt"

// trial is what somebody wants tried.
type trial struct {
	parallel int
	since    string
	within   time.Duration
	filter   []string
	// least is how many percent have to be noticed.
	least int
	// began is when the trial did.
	began time.Time
	green green
}

// run tries the faults of the table that a filter names, in packages that have changed
// since a commit, and returns how many that were and how many of them nobody noticed.
func (t *trial) run() (ran, missed int, err error) {
	t.began = time.Now()
	content, err := os.ReadFile(table)
	if err != nil {
		return 0, 0, fmt.Errorf("%w: run it at the root of the repository", err)
	}
	faults, err := parse(bytes.NewReader(content))
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", table, err)
	}
	faults = slices.DeleteFunc(faults, func(f fault) bool { return !f.isNamed(t.filter) })
	if t.since != "" {
		touched, err := changedSince(t.since)
		if err != nil {
			return 0, 0, err
		}
		faults = slices.DeleteFunc(faults, func(f fault) bool { return !touched.concerns(f) })
		if len(faults) == 0 {
			fmt.Println("No fault of the table is in a package that has changed.")
			return 0, 0, nil
		}
	}
	if len(faults) == 0 {
		return 0, 0, errors.New("no fault of the table is named so")
	}
	folder, err := os.MkdirTemp("", "homeroom-mutant-")
	if err != nil {
		return 0, 0, err
	}
	defer os.RemoveAll(folder)
	if t.within > 0 {
		sample(faults)
	}
	verdicts, errs := make([]verdict, len(faults)), make([]error, len(faults))
	var wait sync.WaitGroup
	turn := make(chan struct{}, max(t.parallel, 1))
	for i, f := range faults {
		turn <- struct{}{}
		if t.isOver() {
			break
		}
		wait.Go(func() {
			defer func() { <-turn }()
			verdicts[i], errs[i] = t.try(f, filepath.Join(folder, fmt.Sprint(i)))
			if errs[i] != nil {
				verdicts[i] = failed
			}
			if verdicts[i] != untried {
				fmt.Printf("%-8s %s: %s\n", verdicts[i], f.file, f.why)
			}
		})
	}
	wait.Wait()
	fmt.Print("\n", score(faults, verdicts))
	for _, v := range verdicts {
		if v != untried {
			ran++
		}
		if v == unnoticed {
			missed++
		}
	}
	fmt.Printf("%d of %d faults were tried in %d s; %d were missed.\n", ran, len(faults),
		int(time.Since(t.began).Seconds()), missed)
	return ran, missed, errors.Join(errs...)
}

// left is how much time there is; isOver tells whether there is none.
func (t *trial) left() time.Duration { return t.within - time.Since(t.began) }
func (t *trial) isOver() bool        { return t.within > 0 && t.left() < time.Second }

// sample puts faults in an order that is the same everywhere and mixes the packages, of
// which the beginning is tried where there is not the time for all.
func sample(faults []fault) {
	place := func(f fault) [sha256.Size]byte { return sha256.Sum256([]byte(f.file + "\n" + f.why)) }
	slices.SortFunc(faults, func(a, b fault) int {
		x, y := place(a), place(b)
		return bytes.Compare(x[:], y[:])
	})
}

// isNamed says whether a filter names the fault; an empty one names all.
func (f fault) isNamed(filter []string) bool {
	return len(filter) == 0 || slices.ContainsFunc(filter, func(part string) bool {
		return strings.HasPrefix(f.file, strings.TrimPrefix(part, "./")) || strings.Contains(f.why, part)
	})
}

// verdict is what became of a fault.
type verdict string

const (
	untried   verdict = ""
	noticed   verdict = "noticed"
	unnoticed verdict = "MISSED"
	failed    verdict = "ERROR"
)

// try runs the tests of a fault with the fault in the code.
func (t *trial) try(f fault, folder string) (verdict, error) {
	if t.within == 0 {
		// What fails without the fault would seem to notice it. Where the time is short,
		// somebody has just seen all tests pass.
		if err := t.green.check(f.tests); err != nil {
			return failed, fmt.Errorf("faults.txt:%d: %w", f.line, err)
		}
	}
	content, err := os.ReadFile(f.file)
	if err != nil {
		return failed, err
	}
	changed, err := f.apply(string(content))
	if err != nil {
		return failed, err
	}
	overlay, err := writeOverlay(folder, f.file, changed)
	if err != nil {
		return failed, err
	}
	flags := []string{"-overlay", overlay}
	if t.within > 0 {
		flags = append(flags, "-timeout", max(t.left(), time.Second).String())
	}
	output, err := goTest(flags, f.tests)
	var exit *exec.ExitError
	switch {
	case err == nil && bytes.Contains(output, []byte("no tests to run")):
		return failed, fmt.Errorf("faults.txt:%d: go test %s runs no test", f.line, strings.Join(f.tests, " "))
	case err == nil:
		return unnoticed, nil
	case !errors.As(err, &exit):
		return failed, err
	case bytes.Contains(output, []byte("[build failed]")) || bytes.Contains(output, []byte("[setup failed]")):
		return failed, fmt.Errorf("faults.txt:%d: the code does not compile with the fault:\n%s", f.line, output)
	case t.isOver() && bytes.Contains(output, []byte("panic: test timed out")):
		return untried, nil
	}
	return noticed, nil
}

// goTest runs tests. What is not looked at is not made: vet, and symbols for a debugger.
func goTest(flags, tests []string) ([]byte, error) {
	args := slices.Concat([]string{"test", "-vet=off", "-ldflags=-s -w", "-failfast"}, flags, tests)
	return exec.Command("go", args...).CombinedOutput()
}

// green knows which tests pass as the code is, each of which is run once.
type green struct {
	mu  sync.Mutex
	err map[string]func() error
}

func (g *green) check(tests []string) error {
	g.mu.Lock()
	key := strings.Join(tests, " ")
	if g.err == nil {
		g.err = map[string]func() error{}
	}
	if g.err[key] == nil {
		g.err[key] = sync.OnceValue(func() error {
			if output, err := goTest(nil, tests); err != nil {
				return fmt.Errorf("go test %s fails without a fault:\n%s", key, output)
			}
			return nil
		})
	}
	check := g.err[key]
	g.mu.Unlock()
	return check()
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
	return overlay,
		errors.Join(os.MkdirAll(folder, 0o700), os.WriteFile(changed, []byte(content), 0o600),
			os.WriteFile(overlay, text, 0o600))
}

// score is a line for each package.
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
