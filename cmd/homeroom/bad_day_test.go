package main_test

import (
	"bytes"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
)

// open returns a connection of the account of the administrator to a database.
func (d *databaseServer) open(name string) *sql.DB {
	d.t.Helper()
	conn, err := database.OpenSQL(d.url(name))
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { conn.Close() })
	return conn
}

func mustExec(t *testing.T, conn *sql.DB, statement string) {
	t.Helper()
	if _, err := conn.Exec(statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// answered is what an operation is answered with, whatever that is.
func (c *client) answered(query string) (status int, retryAfter, text string) {
	c.t.Helper()
	body, _ := json.Marshal(map[string]string{"query": query})
	req, err := http.NewRequest(http.MethodPost, c.address+"/graphql", bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Retry-After"), string(content)
}

// TestADatabaseThatCanOnlyBeRead has a database that refuses to write, as a replica
// does, and one whose cluster has made it read-only.
func TestADatabaseThatCanOnlyBeRead(t *testing.T) {
	t.Parallel()
	d := newDatabaseServer(t)
	root := installation{t: t, url: d.url("homeroom"), folder: t.TempDir()}
	root.run("seed", "--students", "300")
	conn := d.open("homeroom")
	// An administrator may write nevertheless.
	mustExec(t, conn, "CREATE USER 'homeroom'@'127.0.0.1' IDENTIFIED BY '"+d.password+"'")
	mustExec(t, conn, "GRANT ALL PRIVILEGES ON homeroom.* TO 'homeroom'@'127.0.0.1'")
	in := root
	in.url = strings.Replace(root.url, "root:", "homeroom:", 1)
	first := in.start("serve", "--log-level", "warn")
	admin := signIn(t, first.address, "district@example.com", samplePassword)
	check := func(s *server) {
		t.Helper()
		admin.address = s.address
		r := &run{t: t, server: s}
		r.mustAnswer("/readyz", http.StatusServiceUnavailable)
		r.mustAnswer("/healthz", http.StatusOK)
		resp, err := http.Get(s.address + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if said, _ := io.ReadAll(resp.Body); !strings.Contains(string(said), "the database is read-only") {
			t.Errorf("/readyz says %s", said)
		}
		if status, _, text := admin.answered(`{ students(first: 3) { totalCount nodes { firstName } } }`); status != 200 ||
			strings.Contains(text, "errors") {
			t.Errorf("what is there cannot be read: %d %s", status, text)
		}
		status, after, text := admin.answered(`mutation { signIn(input: {email: "district@example.com", password: "` +
			samplePassword + `"}) { token } }`)
		if status != 503 || after != "60" || !strings.Contains(text, string(database.ReadOnly)) {
			t.Errorf("who signs in gets %d %s", status, text)
		}
	}
	mustExec(t, conn, "SET GLOBAL read_only = 1")
	check(first)
	first.kill()
	// One that starts now has tables that are up to date, and nothing to write.
	second := in.startUntil("/healthz", "serve", "--log-level", "warn")
	check(second)
	mustExec(t, conn, "SET GLOBAL read_only = 0")
	(&run{t: t, server: second}).mustAnswer("/readyz", http.StatusOK)
}

// TestADatabaseWithoutRoom lets a database run full in the middle of a job, and
// gives it more room later.
func TestADatabaseWithoutRoom(t *testing.T) {
	t.Parallel()
	room := func(most string) []string {
		return []string{"--innodb-file-per-table=0", "--innodb-data-file-path=ibdata1:12M:autoextend:max:" + most,
			"--innodb-autoextend-increment=1"}
	}
	d := newDatabaseServer(t, room("2G")...)
	r := newRun(t, d.url("homeroom"), 1)
	r.reach("READY")
	r.server.kill()
	d.kill()
	info, err := os.Stat(filepath.Join(d.folder, "data", "ibdata1"))
	if err != nil {
		t.Fatal(err)
	}
	// No more than there is now, to the megabyte.
	d.more = room(strconv.FormatInt(info.Size()>>20, 10) + "M")
	d.start()
	r.start()
	r.begin()
	said := func() string { return r.server.said.String() }
	r.in.watch(1, func(s jobState) bool {
		if s.status != "PROCESSING" {
			t.Fatalf("the job is %s", s.status)
		}
		return strings.Count(said(), "a bulk job waits for the database") > 0
	})
	r.mustAnswer("/readyz", http.StatusServiceUnavailable)
	r.server.kill()
	d.kill()
	d.more = room("2G")
	d.start()
	r.start()
	r.reach("COMPLETED_WITH_ERRORS")
	got := r.outcome()

	undisturbed := newRun(t, d.url("undisturbed"), 1)
	undisturbed.reach("READY")
	undisturbed.begin()
	got.mustEqual(t, undisturbed.end("COMPLETED_WITH_ERRORS"))
}

// TestAnImportThatIsTooLargeForOneTransaction meets the limit of a binary log.
func TestAnImportThatIsTooLargeForOneTransaction(t *testing.T) {
	t.Parallel()
	d := newDatabaseServer(t, "--log-bin=binlog", "--server-id=1", "--binlog-format=ROW")
	in := installation{t: t, url: d.url("homeroom"), folder: t.TempDir()}
	in.run("seed", "--students", "300")
	conn := d.open("homeroom")
	mustExec(t, conn, "SET GLOBAL max_binlog_cache_size = 1048576")
	mustExec(t, conn, "SET GLOBAL binlog_cache_size = 32768")
	file, err := os.Create(filepath.Join(in.folder, "large.csv"))
	if err != nil {
		t.Fatal(err)
	}
	_, schools := queried(t, conn, "SELECT name FROM organizations WHERE type = 'SCHOOL' ORDER BY id LIMIT 1")
	rows := [][]string{{"Student ID", "First Name", "Last Name", "Username", "Grade", "School"}}
	for i := range 2000 {
		n := strconv.Itoa(i)
		rows = append(rows, []string{"L" + n, "Large", "File" + n, "large" + n, "5", schools[0][0]})
	}
	if err := csv.NewWriter(file).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	file.Close()
	large := func(mode string) (code int, said string) {
		cmd := in.command("import", "--yes", "--no-hold", "--commit-mode", mode, "large.csv")
		text, _ := cmd.CombinedOutput()
		return cmd.ProcessState.ExitCode(), string(text)
	}
	if code, said := large("all-or-nothing"); code != 1 || !strings.Contains(said, "TRANSACTION_TOO_LARGE") {
		t.Errorf("all or nothing ends with %d:\n%s", code, said)
	}
	if code, said := large("valid-rows"); code != 0 {
		t.Errorf("it ends with %d:\n%s", code, said)
	}
	if _, n := queried(t, conn, "SELECT COUNT(*) FROM students WHERE external_id LIKE 'L%'"); n[0][0] != "2000" {
		t.Errorf("%s students were written", n[0][0])
	}
}
