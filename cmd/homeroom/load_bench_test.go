package main_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

var loadRows = flag.Int("load-rows", 200_000, "how many new students the file of BenchmarkServerDuringImport has")

// BenchmarkServerDuringImport lets a running server import a large file of new students
// with groups. It reports by how much the memory of the process grows at most, and how
// long the notice takes meanwhile, over HTTP, compared with before. Mapped pages of an
// SQLite file count as memory here too, although the system takes them back when it needs
// them; anonymous memory is reported separately. The percentile varies on a machine that
// does other work: run it several times.
func BenchmarkServerDuringImport(b *testing.B) {
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		b.Run(string(kind), func(b *testing.B) {
			for b.Loop() {
				serverDuringImport(b, installation{t: b, url: dbtest.URL(b, kind), folder: b.TempDir()})
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

func serverDuringImport(b *testing.B, in installation) {
	b.Helper()
	in.run("seed", "--students", "20000")
	s := in.start("serve", "--log-level", "warn")
	admin := signIn(b, s.address, "district@example.com", "homeroom")
	for range 200 {
		admin.notice()
	}
	var idle, busy []time.Duration
	for range 2000 {
		idle = append(idle, timed(func() { admin.notice() }))
	}
	rest, restAnonymous := s.memory("VmRSS"), s.memory("RssAnon")

	start := time.Now()
	p := admin.submit(newStudents(in, *loadRows))
	if p.Job == nil {
		b.Fatal(p.UserErrors)
	}
	submitted := time.Since(start)
	conn := in.open()
	defer conn.Close()
	anonymous := 0
	until := func(status string) time.Duration {
		return timed(func() {
			for {
				busy = append(busy, timed(func() { admin.notice() }))
				time.Sleep(10 * time.Millisecond)
				anonymous = max(anonymous, s.memory("RssAnon"))
				state, err := readState(conn, 1)
				if err != nil {
					b.Fatal(err)
				}
				switch state.status {
				case status:
					return
				case "FAILED", "COMPLETED_WITH_ERRORS":
					b.Fatalf("the job is %+v", state)
				}
			}
		})
	}
	verified := until("READY")
	admin.begin(p.Job.ID)
	applied := until("COMPLETED")
	peak := s.memory("VmHWM")

	b.ReportMetric(submitted.Seconds(), "s-submit")
	b.ReportMetric(verified.Seconds(), "s-verify")
	b.ReportMetric(applied.Seconds(), "s-apply")
	b.ReportMetric(float64(rest)/1024, "MiB-idle")
	b.ReportMetric(float64(peak-rest)/1024, "MiB-more-at-peak")
	b.ReportMetric(float64(anonymous-restAnonymous)/1024, "MiB-more-anonymous")
	before, during := p99(idle), p99(busy)
	b.ReportMetric(1000*before.Seconds(), "ms-p99-idle")
	b.ReportMetric(1000*during.Seconds(), "ms-p99-busy")
	b.ReportMetric(during.Seconds()/before.Seconds(), "p99-busy/idle")
	s.kill()
}

// newStudents are rows of students who do not exist, spread over the groups of a
// district.
func newStudents(in installation, n int) [][]string {
	in.t.Helper()
	conn := in.open()
	defer conn.Close()
	_, groups := queried(in.t, conn,
		"SELECT g.external_id, o.external_id FROM `groups` g JOIN organizations o ON o.id = g.organization_id "+
			"WHERE g.synced = 0 ORDER BY g.id")
	rows := make([][]string, n)
	for i := range rows {
		g := groups[i%len(groups)]
		rows[i] = []string{"", fmt.Sprintf("N%07d", i), "First" + strconv.Itoa(i%100), "Last" + strconv.Itoa(i%1000),
			fmt.Sprintf("new%07d", i), "", strconv.Itoa(1 + i%12), g[1], g[0], "", ""}
	}
	return rows
}

func timed(do func()) time.Duration {
	start := time.Now()
	do()
	return time.Since(start)
}

func p99(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)*99/100]
}

// memory is a line of what the system says about the process, in KiB.
func (s *server) memory(line string) int {
	s.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	found := regexp.MustCompile(line + `:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		s.t.Fatalf("the system does not tell %s", line)
	}
	n, _ := strconv.Atoi(string(found[1]))
	return n
}
