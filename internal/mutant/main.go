// Command mutant puts small faults into the code, one at a time, and reports those that no
// test notices. The table of faults is faults.txt. Each fault is a text of a file, the
// text that replaces it, and the tests that should notice. A fault is applied as an
// overlay, so nothing in the working tree changes.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	t := trial{table: "internal/mutant/faults.txt", limit: 5 * time.Minute, out: os.Stdout}
	flag.IntVar(&t.parallel, "parallel", 2, "how many faults are tried at a time")
	flag.StringVar(&t.table, "table", t.table, "where the faults stand, for some that are not yet in the table")
	flag.StringVar(&t.since, "since", "", "only packages in which something has changed since this commit")
	flag.DurationVar(&t.within, "within", 0,
		"how long all of it may take; where that is too short, a sample is tried that is always the same")
	flag.IntVar(&t.least, "least", 100, "how many percent of what was tried have to be noticed")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(),
			"usage: go run ./internal/mutant [-parallel n] [-since commit] [-within time] [-least percent] [-table file] "+
				"[folder or part of a reason]...")
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
