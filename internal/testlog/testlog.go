// Package testlog records everything that the program logs during the tests of a package,
// at every level. At the end it searches the log for the secrets that the tests used:
// passwords, tokens, keys and links. A secret in the log fails the run, whichever test it
// comes from.
package testlog

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"testing"
)

// shortest is how many bytes a secret must have to be searched for: a shorter one occurs
// in a log by chance.
const shortest = 8

// kept is what a package's tests have logged and used. A test binary runs the
// tests of one package, so there is one.
var kept struct {
	mu      sync.Mutex
	log     bytes.Buffer
	secrets map[string]bool
}

// New returns a logger whose lines are kept. In verbose runs, warnings are also shown with
// the test.
func New(t testing.TB) *slog.Logger {
	handlers := []slog.Handler{slog.NewTextHandler(Writer(), &slog.HandlerOptions{Level: slog.LevelDebug})}
	if testing.Verbose() {
		handlers = append(handlers, slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	return slog.New(slog.NewMultiHandler(handlers...))
}

// Writer keeps what is written to it, for the output of processes.
func Writer() io.Writer { return writer{} }

type writer struct{}

func (writer) Write(p []byte) (int, error) {
	kept.mu.Lock()
	defer kept.mu.Unlock()
	return kept.log.Write(p)
}

// Secret notes what must not be logged, and returns it.
func Secret(value string) string {
	kept.mu.Lock()
	defer kept.mu.Unlock()
	if kept.secrets == nil {
		kept.secrets = map[string]bool{}
	}
	if len(value) >= shortest {
		kept.secrets[value] = true
	}
	return value
}

// Main is the TestMain of a package whose logs are kept: it calls m.Run and then searches
// the log. least is how many secrets the tests must use, so that a harness that no longer
// notes any is found; it applies if all tests run.
func Main(m interface{ Run() int }, least int) int {
	hurry()
	code := m.Run()
	if err := check(least); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, "FAIL:", err)
		return 1
	}
	return code
}

func check(least int) error {
	kept.mu.Lock()
	defer kept.mu.Unlock()
	if all := !narrowed(); all && (len(kept.secrets) < least || kept.log.Len() == 0) {
		return fmt.Errorf("%d secrets and %d bytes of log were kept; at least %d secrets were expected", len(kept.secrets),
			kept.log.Len(), least)
	}
	for secret := range kept.secrets {
		if at := bytes.Index(kept.log.Bytes(), []byte(secret)); at >= 0 {
			from, to := max(0, at-200), min(kept.log.Len(), at+len(secret)+80)
			return fmt.Errorf("a secret was logged: … %s …", kept.log.Bytes()[from:to])
		}
	}
	return nil
}
