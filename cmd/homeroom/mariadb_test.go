package main_test

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// databaseServer is a MariaDB or MySQL server of one test, which may be killed. It
// keeps what it has committed, like one that is in use.
type databaseServer struct {
	t                        *testing.T
	program, folder          string
	password, port           string
	cmd                      *exec.Cmd
	ended                    chan struct{}
	isMariaDB, mayRunForRoot bool
	more                     []string
}

// newDatabaseServer sets up a server in a folder of its own and starts it, with
// some more options.
func newDatabaseServer(t *testing.T, more ...string) *databaseServer {
	t.Helper()
	secret := make([]byte, 16)
	_, _ = rand.Read(secret) // never fails
	d := &databaseServer{
		t:             t,
		folder:        t.TempDir(),
		password:      hex.EncodeToString(secret),
		mayRunForRoot: os.Getuid() == 0,
		more:          more,
	}
	d.program = program(t, "mariadbd", "mysqld")
	version, err := exec.Command(d.program, "--no-defaults", "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	d.isMariaDB = strings.Contains(string(version), "MariaDB")
	// Everybody on this machine reaches the port, so root gets a password.
	init := "CREATE USER IF NOT EXISTS 'root'@'127.0.0.1';\n" +
		"ALTER USER 'root'@'127.0.0.1' IDENTIFIED BY '" + d.password + "';\n" +
		"GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;\n" +
		"ALTER USER 'root'@'localhost' IDENTIFIED BY '" + d.password + "';\n"
	if err := os.WriteFile(filepath.Join(d.folder, "init.sql"), []byte(init), 0o600); err != nil {
		t.Fatal(err)
	}
	setUp := exec.Command(d.program, d.options("--initialize-insecure")...)
	if d.isMariaDB {
		setUp = exec.Command(program(t, "mariadb-install-db", "mysql_install_db"),
			d.options("--skip-test-db", "--auth-root-authentication-method=normal")...)
	}
	setUp.Dir = d.folder
	if said, err := setUp.CombinedOutput(); err != nil {
		t.Fatalf("the database server cannot be set up: %v\n%s", err, said)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, d.port, _ = net.SplitHostPort(free.Addr().String())
	free.Close()
	d.start()
	t.Cleanup(d.kill)
	return d
}

// options are the options of every call, with relative paths, which all programs accept.
func (d *databaseServer) options(more ...string) []string {
	// Two that are set up at once would share temporary tables in a common folder.
	options := []string{"--no-defaults", "--datadir=./data", "--tmpdir=" + d.folder}
	if d.mayRunForRoot {
		options = append(options, "--user=root")
	}
	return append(options, more...)
}

// start starts the server on what it had before, and waits until it answers.
func (d *databaseServer) start() {
	d.t.Helper()
	said := &record{}
	d.cmd = exec.Command(d.program,
		append(d.options("--init-file="+filepath.Join(d.folder, "init.sql"), "--datadir="+filepath.Join(d.folder, "data"),
			"--socket=mysql.sock", "--bind-address=127.0.0.1", "--port="+d.port, "--pid-file="+filepath.Join(d.folder, "pid"),
			"--skip-name-resolve", "--skip-log-bin", "--loose-mysqlx=OFF", "--character-set-server=utf8mb4",
			"--performance-schema=OFF", "--innodb-flush-log-at-trx-commit=1", "--innodb-buffer-pool-size=64M"), d.more...)...)
	d.cmd.Dir = d.folder
	d.cmd.Stdout, d.cmd.Stderr = said, said
	if err := d.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	cmd, ended := d.cmd, make(chan struct{})
	d.ended = ended
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	for deadline := time.Now().Add(2 * patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		select {
		case <-ended:
			d.t.Fatalf("the database server ended:\n%s", said)
		default:
		}
		if !strings.Contains(said.String(), "ready for connections") {
			continue
		}
		if conn, err := net.Dial("tcp", "127.0.0.1:"+d.port); err == nil {
			conn.Close()
			return
		}
	}
	d.t.Fatalf("the database server is not ready:\n%s", said)
}

// kill ends the server without a chance to tidy up.
func (d *databaseServer) kill() {
	_ = d.cmd.Process.Kill()
	<-d.ended
}

// url is the address of a database of the server.
func (d *databaseServer) url(name string) string {
	return fmt.Sprintf("mysql://root:%s@127.0.0.1:%s/%s", d.password, d.port, name)
}

// program finds a program of the database server. Distributions often install it where
// only administrators look.
func program(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		for _, folder := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/usr/local/sbin", "/usr/libexec") {
			path := filepath.Join(folder, name)
			if info, err := os.Stat(path); err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
				return path
			}
		}
	}
	t.Fatalf("no %s: install mariadb-server or mysql-server", strings.Join(names, " or "))
	return ""
}
