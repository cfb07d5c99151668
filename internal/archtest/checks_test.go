package archtest_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestACheckThatCannotBeDoneHasNotPassed runs .ci/test with checks that do nothing,
// but for the search for vulnerabilities.
func TestACheckThatCannotBeDoneHasNotPassed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what, database, scanner string
		failed                  bool
		last                    string
	}{
		{"a database that is not reached", "https://127.0.0.1:1", "exit 0", false, "NOT DONE: Known vulnerabilities. All other checks passed in "},
		{"a download that breaks off", "file:///nowhere", "echo 'govulncheck: fetching vulnerabilities: EOF'; exit 1", false, "NOT DONE: Known vulnerabilities. All other checks passed in "},
		{"a finding", "file:///nowhere", "exit 3", true, "FAILED: Known vulnerabilities"},
		{"a scanner that fails", "file:///nowhere", "exit 1", true, "FAILED: Known vulnerabilities"},
		{"nothing found", "file:///nowhere", "exit 0", false, "All checks passed in "},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			script := func(name, text string) {
				t.Helper()
				path := filepath.Join(folder, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			for _, name := range []string{"test", "lib.sh", "vulnerabilities"} {
				text, err := os.ReadFile("../../.ci/" + name)
				if err != nil {
					t.Fatal(err)
				}
				script(".ci/"+name, string(text))
			}
			for _, name := range []string{"lint", "generated", "dashboard", "in-memory", "mutants"} {
				script(".ci/"+name, "#!/bin/sh\nexit 0\n")
			}
			script("bin/curl", "#!/bin/sh\nexit 7\n")
			script("bin/go", "#!/bin/sh\n"+c.scanner+"\n")
			cmd := exec.Command(filepath.Join(folder, ".ci/test"))
			cmd.Env = append(os.Environ(), "PATH="+filepath.Join(folder, "bin")+":"+os.Getenv("PATH"), "VULNDB="+c.database)
			text, err := cmd.CombinedOutput()
			lines := strings.Split(strings.TrimSpace(string(text)), "\n")
			if last := lines[len(lines)-1]; !strings.HasPrefix(last, c.last) || (err != nil) != c.failed {
				t.Errorf("it ends with %v:\n%s", err, text)
			}
		})
	}
}

// TestFaultsWithoutAHistoryAreNotTried runs .ci/mutants where there are no commits, as in
// an archive, and where there is one and nothing before it, as in a shallow clone.
func TestFaultsWithoutAHistoryAreNotTried(t *testing.T) {
	t.Parallel()
	for _, prepare := range []string{"true",
		"git init -q && git -c user.name=x -c user.email=x@example.com commit -q --allow-empty -m only"} {
		folder := t.TempDir()
		script := "mkdir .ci && cp \"$FROM\"/mutants \"$FROM\"/lib.sh .ci && { " + prepare + "; } && .ci/mutants"
		cmd := exec.Command("bash", "-c", script)
		from, err := filepath.Abs("../../.ci")
		if err != nil {
			t.Fatal(err)
		}
		cmd.Dir = folder
		cmd.Env = append(os.Environ(), "FROM="+from, "GIT_CEILING_DIRECTORIES="+filepath.Dir(folder))
		text, err := cmd.CombinedOutput()
		if exit, is := errors.AsType[*exec.ExitError](err); !is || exit.ExitCode() != 75 ||
			!strings.Contains(string(text), "none of the faults were tried") {
			t.Errorf("%s: it ends with %v: %s", prepare, err, text)
		}
	}
}
