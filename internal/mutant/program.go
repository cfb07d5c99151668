package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// program is the code with many faults in it, each behind a switch, and what was compiled
// from it.
type program struct {
	// folder is where overlays and test binaries are written, and overlay is the current
	// overlay.
	folder, overlay string
	// compiling is locked during a compilation, which uses all cores by itself.
	compiling sync.Mutex
	// mu guards the maps.
	mu sync.Mutex
	// faults holds the faults that are behind a switch, by file and by number.
	faults map[string]map[int]fault
	// binaries holds what was compiled, by package.
	binaries map[string]binary
}

// binary is a compiled package with its tests, or the reason why there is none.
type binary struct {
	path string
	err  error
}

// newProgram puts faults behind switches, and leaves out those for which that is
// impossible.
func newProgram(folder string, faults []fault) (*program, error) {
	p := &program{folder: folder, faults: map[string]map[int]fault{}, binaries: map[string]binary{}}
	for _, f := range faults {
		if !f.hasCommonTests() {
			continue
		}
		if p.faults[f.file] == nil {
			p.faults[f.file] = map[int]fault{}
		}
		p.faults[f.file][f.line] = f
	}
	return p, errors.Join(os.MkdirAll(folder, 0o700), p.writeOverlay())
}

// hasCommonTests reports whether the tests of a fault can run in a test binary that was
// compiled before. Tests of a command cannot: they start programs, which do not know about
// the fault.
func (f fault) hasCommonTests() bool {
	packages, flags := f.split()
	for i := 0; i < len(flags); i += 2 {
		if flags[i] != "-run" && flags[i] != "-skip" || i+1 == len(flags) {
			return false
		}
	}
	return !slices.ContainsFunc(packages, func(p string) bool {
		return strings.HasPrefix(p, "./cmd/") || strings.Contains(p, "...")
	})
}

// split returns the packages and the flags of the tests of a fault.
func (f fault) split() (packages, flags []string) {
	n := slices.IndexFunc(f.tests, func(a string) bool { return strings.HasPrefix(a, "-") })
	if n < 0 {
		return f.tests, nil
	}
	return f.tests[:n], f.tests[n:]
}

// has reports whether a fault is behind a switch.
func (p *program) has(f fault) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.faults[f.file][f.line]
	return ok
}

// compile returns the test binaries of a fault, and whether the fault is behind a switch
// in them.
func (p *program) compile(ctx context.Context, f fault) (paths []string, ok bool) {
	packages, _ := f.split()
	for _, folder := range packages {
		if !p.has(f) {
			return nil, false
		}
		b := p.binary(ctx, folder)
		if b.err != nil {
			return nil, false
		}
		paths = append(paths, b.path)
	}
	return paths, p.has(f)
}

// binary returns the test binary of a package with all faults in it. The first call
// compiles it.
func (p *program) binary(ctx context.Context, folder string) binary {
	if b, ok := p.compiled(folder); ok {
		return b
	}
	p.compiling.Lock()
	defer p.compiling.Unlock()
	b, ok := p.compiled(folder)
	if ok {
		return b
	}
	b.path = filepath.Join(p.folder, strings.ReplaceAll(folder, "/", "-")+".test")
	if b.err = p.compileAt(ctx, folder, b.path); b.err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "mutant: each fault is compiled by itself:", b.err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.binaries[folder] = b
	return b
}

func (p *program) compiled(folder string) (binary, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b, ok := p.binaries[folder]
	return b, ok
}

// compileAt compiles the tests of a package to a path. If a fault does not compile, its
// switch is removed and the rest is tried again.
func (p *program) compileAt(ctx context.Context, folder, path string) error {
	for {
		output, err := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-ldflags=-s -w",
			"-overlay", p.overlay, "-o", path, folder).CombinedOutput()
		if err == nil {
			return nil
		}
		dropped, e := p.drop(refused(output))
		if e != nil {
			return e
		}
		if dropped == 0 {
			return fmt.Errorf("go test -c %s: %w\n%s", folder, err, output)
		}
	}
}

// drop removes the switches of faults and returns how many had one.
func (p *program) drop(numbers []int) (dropped int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, faults := range p.faults {
		before := len(faults)
		maps.DeleteFunc(faults, func(number int, _ fault) bool { return slices.Contains(numbers, number) })
		dropped += before - len(faults)
	}
	return dropped, p.writeOverlay()
}

var faultFile = regexp.MustCompile(`\bfault(\d+)\.go:\d+`)

// refused returns the numbers of the faults that the compiler complains about.
func refused(output []byte) (numbers []int) {
	for _, m := range faultFile.FindAllSubmatch(output, -1) {
		if n, err := strconv.Atoi(string(m[1])); err == nil {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// writeOverlay writes each changed file, and an overlay that replaces the originals.
func (p *program) writeOverlay() error {
	replace := map[string]string{}
	write := func(file, content string) error {
		absolute, err := filepath.Abs(file)
		if err != nil {
			return err
		}
		replace[absolute] = filepath.Join(p.folder, strings.ReplaceAll(file, "/", "-"))
		return os.WriteFile(replace[absolute], []byte(content), 0o600)
	}
	err := write(chosenFolder+"/chosen.go", chosenContent)
	for file, faults := range p.faults {
		content, e := os.ReadFile(file)
		if e != nil {
			return e
		}
		sorted := slices.SortedFunc(maps.Values(faults), func(a, b fault) int { return a.line - b.line })
		changed, numbers := switched(string(content), sorted)
		maps.DeleteFunc(faults, func(number int, _ fault) bool { return !slices.Contains(numbers, number) })
		err = errors.Join(err, write(file, changed))
	}
	text, e := json.Marshal(map[string]map[string]string{"Replace": replace})
	p.overlay = filepath.Join(p.folder, "overlay.json")
	return errors.Join(err, e, os.WriteFile(p.overlay, text, 0o600))
}
