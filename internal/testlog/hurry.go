package testlog

import (
	"flag"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
)

const (
	// garbage is how much the heap of a test process may grow before it is collected,
	// in percent: the process is over soon, and made a fifth of its work of collecting.
	garbage = 400
	// testsPerCore is how many tests run at a time on each core. Some wait for a limit of
	// the server to pass, others for the database, and leave the core to the rest.
	testsPerCore = 3
)

// hurry sets what makes a test process fast, unless it is set already. A process that
// fuzzes uses the same number for its processes, which never wait.
func hurry() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	flag.Parse()
	set := false
	flag.Visit(func(f *flag.Flag) { set = set || f.Name == "test.parallel" || f.Name == "test.fuzz" })
	if !set {
		// The flag is there in every process of tests, and takes any number.
		_ = flag.Set("test.parallel", strconv.Itoa(testsPerCore*runtime.GOMAXPROCS(0)))
	}
}
