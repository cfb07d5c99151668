package main_test

import (
	"bufio"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// buildDex builds the OpenID provider of the tests.
func buildDex(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "dex")
	if out, err := exec.Command("go", "build", "-C", "testdata/dex", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("build Dex: %v\n%s", err, out)
	}
	return path
}

// dex is a Dex server with people who can sign in at it.
type dex struct {
	t      *testing.T
	issuer string
	people string
	cmd    *exec.Cmd
}

// dexPerson is a line of the file that the server reads at every sign-in.
type dexPerson struct {
	ID       string `json:"id"`
	Login    string `json:"login"`
	Password string `json:"password"`
	Email    string `json:"email"`
	Verified bool   `json:"verified"`
}

const dexSecret = "a secret between two servers"

// startDex starts a Dex server that sends browsers back to an address.
func startDex(t *testing.T, program, callback string) *dex {
	t.Helper()
	d := &dex{t: t, people: filepath.Join(t.TempDir(), "people.json")}
	d.know()
	d.cmd = exec.Command(program, "-people", d.people, "-secret", dexSecret, "-redirects", callback)
	d.cmd.Stderr = &record{}
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.stop)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("Dex does not start: %v\n%s", err, d.cmd.Stderr)
	}
	d.issuer = strings.TrimSpace(line)
	return d
}

// know says who can sign in from now on; everybody's password is the login.
func (d *dex) know(people ...dexPerson) {
	d.t.Helper()
	for i := range people {
		people[i].Password = people[i].Login
	}
	text, err := json.Marshal(people)
	if err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(d.people, text, 0o600); err != nil {
		d.t.Fatal(err)
	}
}

func (d *dex) stop() {
	_ = d.cmd.Process.Kill()
	_ = d.cmd.Wait()
}

// freeAddress is an address of this machine at which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
