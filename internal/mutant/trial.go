package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// trial is what to try, and how.
type trial struct {
	// table is the file with the faults.
	table    string
	parallel int
	since    string
	within   time.Duration
	filter   []string
	// least is the percentage of faults that must be noticed.
	least int
	// began is when the trial began.
	began time.Time
	green green
	// limit is how long the tests of one fault may take. A fault that makes tests wait
	// forever counts as noticed then.
	limit time.Duration
	// out is where the verdicts are printed.
	out io.Writer
	// program has the faults that are behind a switch.
	program *program
}

// run tries the faults that a filter selects, in packages that have changed since a
// commit. It returns how many it has tried, and how many of them no test has noticed.
func (t *trial) run() (ran, missed int, err error) {
	t.began = time.Now()
	faults, err := t.choose()
	if len(faults) == 0 || err != nil {
		return 0, 0, err
	}
	folder, err := os.MkdirTemp(os.Getenv("GOTMPDIR"), "homeroom-mutant-")
	if err != nil {
		return 0, 0, err
	}
	defer os.RemoveAll(folder)
	if t.within > 0 {
		sample(faults)
	}
	if t.program, err = newProgram(filepath.Join(folder, "program"), faults); err != nil {
		return 0, 0, err
	}
	ctx, cancel := t.untilOver()
	defer cancel()
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
			var by string
			if verdicts[i], by, errs[i] = t.try(ctx, f, filepath.Join(folder, fmt.Sprint(i))); by != "" {
				by = " (" + by + ")"
			}
			if verdicts[i] != untried {
				fmt.Fprintf(t.out, "%-8s %s: %s%s\n", verdicts[i], f.file, f.why, by)
			}
		})
	}
	wait.Wait()
	fmt.Fprint(t.out, "\n", score(faults, verdicts))
	alone := 0
	for i, v := range verdicts {
		if v == untried {
			continue
		}
		ran++
		if v == unnoticed {
			missed++
		}
		if !t.program.has(faults[i]) {
			alone++
		}
	}
	fmt.Fprintf(t.out, "%d of %d faults were tried in %d s, %d of them compiled by themselves; %d were missed.\n", ran,
		len(faults), int(time.Since(t.began).Seconds()), alone, missed)
	return ran, missed, errors.Join(errs...)
}

// choose reads the table and returns the faults that are wanted.
func (t *trial) choose() ([]fault, error) {
	content, err := os.ReadFile(t.table)
	if err != nil {
		return nil, fmt.Errorf("%w: run it at the root of the repository", err)
	}
	faults, err := parse(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.table, err)
	}
	faults = slices.DeleteFunc(faults, func(f fault) bool { return !f.isNamed(t.filter) })
	if t.since != "" {
		touched, err := changedSince(t.since)
		if err != nil {
			return nil, err
		}
		faults = slices.DeleteFunc(faults, func(f fault) bool { return !touched.concerns(f) })
		if len(faults) == 0 {
			fmt.Fprintln(t.out, "No fault of the table is in a package that has changed.")
			return nil, nil
		}
	}
	if len(faults) == 0 {
		return nil, errors.New("no fault of the table is named so")
	}
	return faults, nil
}

// left returns how much time is left; isOver reports whether there is none.
func (t *trial) left() time.Duration { return t.within - time.Since(t.began) }
func (t *trial) isOver() bool        { return t.within > 0 && t.left() < time.Second }

// untilOver returns a context that ends when the time is over.
func (t *trial) untilOver() (context.Context, context.CancelFunc) {
	if t.within == 0 {
		return context.WithCancel(context.Background())
	}
	return context.WithDeadline(context.Background(), t.began.Add(t.within))
}

// sample sorts faults in an order that is the same on every machine and mixes the
// packages. If there is not enough time for all, the first ones are tried.
func sample(faults []fault) {
	place := func(f fault) [sha256.Size]byte { return sha256.Sum256([]byte(f.file + "\n" + f.why)) }
	slices.SortFunc(faults, func(a, b fault) int {
		x, y := place(a), place(b)
		return bytes.Compare(x[:], y[:])
	})
}

// isNamed reports whether a filter selects the fault; an empty filter selects all.
func (f fault) isNamed(filter []string) bool {
	return len(filter) == 0 || slices.ContainsFunc(filter, func(part string) bool {
		return strings.HasPrefix(f.file, strings.TrimPrefix(part, "./")) || strings.Contains(f.why, part)
	})
}
