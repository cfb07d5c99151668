package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// suite is the tests that should notice a fault. They can run with and without the fault.
type suite interface {
	run(withFault bool, within time.Duration) (output []byte, err error)
}

// grace is how long processes that a test has started may write after the test has ended.
const grace = 10 * time.Second

// behindSwitch runs test binaries that contain all faults, with one of them in effect.
type behindSwitch struct {
	fault
	// paths are the test binaries, one for each package.
	paths []string
}

func (b behindSwitch) run(withFault bool, within time.Duration) (output []byte, err error) {
	number := 0
	if withFault {
		number = b.line
	}
	packages, flags := b.split()
	args := []string{"-test.failfast", "-test.paniconexit0", "-test.timeout=" + within.String()}
	for i := 0; i < len(flags); i += 2 {
		args = append(args, "-test."+strings.TrimPrefix(flags[i], "-")+"="+flags[i+1])
	}
	// It does not matter if one of several packages has no matching tests, as long as
	// another one has.
	var all []byte
	ran := false
	for i, folder := range packages {
		cmd := exec.Command(b.paths[i], args...)
		// Run them in the folder in which go test runs them.
		cmd.Dir, cmd.WaitDelay = folder, grace
		cmd.Env = append(cmd.Environ(), variable+"="+strconv.Itoa(number))
		output, err := cmd.CombinedOutput()
		if err != nil {
			return output, err
		}
		if !runNoTest(output) {
			ran = true
		}
		all = append(all, output...)
	}
	if ran {
		return nil, nil
	}
	return all, nil
}

// alone compiles the code with one fault, and runs the tests.
type alone struct {
	fault
	folder string
}

func (a alone) run(withFault bool, within time.Duration) (output []byte, err error) {
	flags := []string{"-timeout", within.String()}
	if withFault {
		overlay, err := a.writeOverlay()
		if err != nil {
			return nil, err
		}
		flags = append(flags, "-overlay", overlay)
	}
	// Nobody needs vet, or symbols for a debugger.
	args := slices.Concat([]string{"test", "-vet=off", "-ldflags=-s -w", "-failfast"}, flags, a.tests)
	return exec.Command("go", args...).CombinedOutput()
}

// writeOverlay writes the changed file, and an overlay that replaces the original.
func (a alone) writeOverlay() (string, error) {
	content, err := os.ReadFile(a.file)
	if err != nil {
		return "", err
	}
	text, err := a.apply(string(content))
	if err != nil {
		return "", err
	}
	absolute, err := filepath.Abs(a.file)
	if err != nil {
		return "", err
	}
	changed, overlay := filepath.Join(a.folder, "changed.go"), filepath.Join(a.folder, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {absolute: changed}})
	if err != nil {
		return "", err
	}
	return overlay, errors.Join(os.MkdirAll(a.folder, 0o700), os.WriteFile(changed, []byte(text), 0o600),
		os.WriteFile(overlay, replace, 0o600))
}

// green remembers which tests pass without a fault. Each is run once.
type green struct {
	mu  sync.Mutex
	err map[string]func() error
}

func (g *green) check(f fault, s suite, within time.Duration) error {
	g.mu.Lock()
	args := strings.Join(f.tests, " ")
	key := fmt.Sprintf("%T %s", s, args)
	if g.err == nil {
		g.err = map[string]func() error{}
	}
	if g.err[key] == nil {
		g.err[key] = sync.OnceValue(func() error {
			if output, err := s.run(false, within); err != nil {
				return fmt.Errorf("go test %s fails without a fault: %w\n%s", args, err, output)
			}
			return nil
		})
	}
	check := g.err[key]
	g.mu.Unlock()
	return check()
}
