package main_test

import (
	"bytes"
	"cmp"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/testlog"
)

// patience is how long a test waits for what takes a second on a quiet machine. It
// is only used up by a test that fails.
const patience = 5 * time.Minute

// installation is a database and a data folder, as an operator has them.
type installation struct {
	t           testing.TB
	url, folder string
	// web trusts the certificate of the server, if it has its own.
	web *http.Client
	// env are further variables, which win.
	env []string
	// umask is the umask of the processes; if it is empty, they have that of the tests.
	umask string
}

// eachInstallation runs a test once for every kind of database.
func eachInstallation(t *testing.T, test func(t *testing.T, in installation)) {
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			test(t, installation{t: t, url: dbtest.URL(t, kind), folder: t.TempDir()})
		})
	}
}

func (in installation) command(args ...string) *exec.Cmd {
	cmd := exec.Command("homeroom", args...)
	if in.umask != "" {
		cmd = exec.Command("sh", append([]string{"-c", `umask "$0"; exec homeroom "$@"`, in.umask}, args...)...)
	}
	cmd.Dir = in.folder
	// What somebody has set for a server of their own is not for this one.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "HOMEROOM_") })
	cmd.Env = append(cmd.Env, "HOMEROOM_DATABASE_URL="+in.url, "HOMEROOM_DATA="+in.folder)
	cmd.Env = append(cmd.Env, in.env...)
	return cmd
}

// run runs a command that must succeed and returns what it prints.
func (in installation) run(args ...string) string {
	in.t.Helper()
	cmd := in.command(args...)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil || problems.Len() > 0 {
		in.t.Fatalf("homeroom %s: %v\n%s%s", strings.Join(args, " "), err, &out, &problems)
	}
	return out.String()
}

// server is a process of the program that answers requests.
type server struct {
	t       testing.TB
	cmd     *exec.Cmd
	address string
	web     *http.Client
	said    *record
	// ended is closed when the process has ended; err is its result.
	ended chan struct{}
	err   error
}

// start starts serve or demo on a free port of this machine, unless args name the
// address, and waits until it is ready. Whatever happens, the process ends with
// the test.
func (in installation) start(args ...string) *server {
	in.t.Helper()
	return in.startUntil("/readyz", args...)
}

// startUntil waits until a path of the server answers that all is well.
func (in installation) startUntil(path string, args ...string) *server {
	in.t.Helper()
	if !slices.Contains(args, "--addr") {
		args = append(args, "--addr", "127.0.0.1:0")
	}
	// Folders of tests are open to others, and the log would warn about that.
	folders := []string{in.folder}
	if file, ok := database.FileOf(in.url); ok {
		folders = append(folders, filepath.Dir(file))
	}
	for _, folder := range folders {
		if err := os.Chmod(folder, 0o700); err != nil {
			in.t.Fatal(err)
		}
	}
	s := &server{
		t:     in.t,
		web:   cmp.Or(in.web, http.DefaultClient),
		cmd:   in.command(args...),
		said:  &record{logged: args[0] == "serve"},
		ended: make(chan struct{}),
	}
	s.cmd.Stdout, s.cmd.Stderr = s.said, s.said
	if err := s.cmd.Start(); err != nil {
		in.t.Fatal(err)
	}
	go func() {
		s.err = s.cmd.Wait()
		close(s.ended)
	}()
	in.t.Cleanup(s.kill)
	told := regexp.MustCompile(`https?://127\.0\.0\.1:[0-9]+`)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if s.hasEnded() {
			in.t.Fatalf("the server ended with %v:\n%s", s.err, s.said)
		}
		if s.address == "" {
			s.address = told.FindString(s.said.String())
			continue
		}
		if answer, err := s.web.Get(s.address + path); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return s
			}
		}
	}
	in.t.Fatalf("the server is not ready:\n%s", s.said)
	return nil
}

// stop asks the process to end, which it must do soon and without complaint.
func (s *server) stop() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	select {
	case <-s.ended:
		if s.err != nil {
			s.t.Errorf("the server ended with %v:\n%s", s.err, s.said)
		}
	case <-time.After(patience):
		s.t.Errorf("the server still runs after it was told to end:\n%s", s.said)
		s.kill()
	}
	if log := s.said.String(); strings.Contains(log, "level=WARN") || strings.Contains(log, "level=ERROR") {
		s.t.Errorf("the server complains:\n%s", log)
	}
	if _, err := s.web.Get(s.address + "/healthz"); err == nil {
		s.t.Error("somebody still answers at the server's address")
	}
}

func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.ended
}

func (s *server) hasEnded() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// record keeps what a process says.
type record struct {
	mu   sync.Mutex
	text strings.Builder
	// logged is set for a server, whose lines must hold no secret. The demo prints
	// the links that it would send.
	logged bool
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.logged {
		_, _ = testlog.Writer().Write(p)
	}
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}
