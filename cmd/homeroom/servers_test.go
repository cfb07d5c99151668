package main_test

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

func TestServersShareTheJobsOfManyDistricts(t *testing.T) {
	t.Parallel()
	want := runJobsOfDistricts(t, 1)
	got := runJobsOfDistricts(t, 3)
	if len(got.owners) < 2 {
		t.Errorf("of three servers %d worked", len(got.owners))
	}
	got.contents.mustEqual(t, want.contents)
}

const (
	districts       = 3
	jobsOfADistrict = 3
)

type sharedJobs struct {
	contents
	owners map[string]bool
}

// runJobsOfDistricts has some servers on one database work on several jobs of
// several districts. All jobs of a district want to change the same students:
// whichever comes first does, and the rows of the others are stale, so that the
// order can be seen in the result.
func runJobsOfDistricts(t *testing.T, servers int) sharedJobs {
	t.Helper()
	in := installation{t: t, url: dbtest.URL(t, database.MySQL), folder: t.TempDir()}
	in.run("seed", "--students", "600")
	for range districts - 1 {
		in.run("seed", "--students", "600", "--add")
	}
	var running []*server
	for range servers {
		running = append(running, in.start("serve", "--log-level", "warn"))
	}
	conn := in.open()
	defer conn.Close()
	// The jobs of a district change most of its students, and none is to be held.
	if _, err := conn.ExecContext(t.Context(), "UPDATE organizations SET hold_changed_percent = 100"); err != nil {
		t.Fatal(err)
	}
	_, signIns := queried(t, conn,
		"SELECT r.organization_id, e.email FROM educators e JOIN role_assignments r ON r.educator_id = e.id "+
			"WHERE e.email LIKE 'district@%' ORDER BY e.id")
	var admins []*client
	for _, s := range signIns {
		admins = append(admins, signIn(t, running[0].address, s[1], "homeroom"))
	}
	at := func(i int) string { return running[i%servers].address }
	var jobs []string
	var of []*client
	for i := range jobsOfADistrict {
		for d, admin := range admins {
			rows := in.mixedFile(signIns[d][0], 900+100*i)
			for _, row := range rows {
				row[5] = "" // Hashing passwords takes long and adds nothing here.
			}
			admin.address = at(len(jobs))
			p := admin.submit(rows)
			if p.Job == nil {
				t.Fatal(p.UserErrors)
			}
			jobs, of = append(jobs, p.Job.ID), append(of, admin)
		}
	}
	shared := sharedJobs{owners: map[string]bool{}}
	shared.await(in, "READY", len(jobs))
	for i, id := range jobs {
		of[i].address = at(i + 1)
		if p := of[i].begin(id); len(p.UserErrors) > 0 {
			t.Fatal(p.UserErrors)
		}
	}
	shared.await(in, "COMPLETED_WITH_ERRORS", len(jobs))

	_, order := queried(t, conn, "SELECT id FROM bulk_jobs ORDER BY district_id, finished_at")
	for i := 1; i < len(order); i++ {
		before, _ := strconv.Atoi(order[i-1][0])
		after, _ := strconv.Atoi(order[i][0])
		if i%jobsOfADistrict != 0 && before > after {
			t.Errorf("job %d came before job %d", before, after)
		}
	}
	if _, more := queried(t, conn, "SELECT id, fence FROM bulk_jobs WHERE fence <> 2"); len(more) > 0 {
		t.Errorf("jobs were not claimed twice, once to be verified and once to be applied: %v", more)
	}
	for _, s := range running {
		s.stop()
	}
	if said := in.run("doctor"); !strings.Contains(said, "every derived number is correct") {
		t.Error(said)
	}
	shared.contents = in.contents()
	return shared
}

// await waits until some jobs have come to a status, and watches who works.
func (s sharedJobs) await(in installation, status string, jobs int) {
	in.t.Helper()
	conn := in.open()
	defer conn.Close()
	for deadline := time.Now().Add(4 * patience); time.Now().Before(deadline); time.Sleep(4 * time.Millisecond) {
		_, working := queried(in.t, conn,
			"SELECT district_id, lease_owner, id FROM bulk_jobs WHERE lease_owner NOT IN ('', 'uploading') ORDER BY district_id")
		for i, w := range working {
			s.owners[w[1]] = true
			if i > 0 && w[0] == working[i-1][0] {
				in.t.Errorf("two servers work on jobs %s and %s of one district", working[i-1][2], w[2])
			}
		}
		if _, there := queried(in.t, conn, "SELECT id FROM bulk_jobs WHERE status = ?", status); len(there) == jobs {
			return
		}
	}
	_, states := queried(in.t, conn, "SELECT id, status, processed_rows, total_rows FROM bulk_jobs")
	in.t.Fatalf("the jobs have not come to %s: %v", status, states)
}

func TestAnotherServerTakesAJobOver(t *testing.T) {
	t.Parallel()
	// A server that is stopped in the middle of a transaction keeps its locks until
	// the database ends the connection, here sooner than it is asked to.
	d := newDatabaseServer(t, "--loose-idle-transaction-timeout=3")
	undisturbed := newRun(t, d.url("undisturbed"), 0)
	undisturbed.reach("READY")
	undisturbed.begin()
	want := undisturbed.end("COMPLETED_WITH_ERRORS")

	t.Run("from one that is killed", func(t *testing.T) {
		c := newCluster(t, d.url("killed"), shortLease)
		for range 2 {
			_, owner := c.awaitWork()
			c.servers[owner].kill()
			c.awaitNextClaim()
			c.leave(owner)
		}
		c.reach("COMPLETED_WITH_ERRORS")
		c.outcome().mustEqual(t, want)
	})

	t.Run("from one that sleeps, and that writes nothing when it wakes up", func(t *testing.T) {
		c := newCluster(t, d.url("asleep"), shortLease)
		for range 3 {
			claim, owner := c.awaitWork()
			sleeper := c.servers[owner]
			sleeper.signal(syscall.SIGSTOP)
			c.awaitNextClaim()
			sleeper.signal(syscall.SIGCONT)
			c.awaitGivenUp(sleeper, claim)
		}
		c.reach("COMPLETED_WITH_ERRORS")
		c.outcome().mustEqual(t, want)
	})
}

// TestADeadServersJobIsTakenOverWithinHalfAMinute has a database and servers as
// they come, without a setting that hastens anything.
func TestADeadServersJobIsTakenOverWithinHalfAMinute(t *testing.T) {
	t.Parallel()
	d := newDatabaseServer(t)
	for name, end := range map[string]func(*server){
		"killed": func(s *server) { s.kill() },
		// It keeps its connections, and with them the locks of a transaction.
		"frozen": func(s *server) { s.signal(syscall.SIGSTOP) },
	} {
		t.Run("of one that is "+name, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, d.url(name))
			_, owner := c.awaitWork()
			end(c.servers[owner])
			// Others look every second, so that the lease says how long it takes.
			conn := c.in.open()
			_, left := queried(t, conn, "SELECT COALESCE(MAX(TIMESTAMPDIFF(SECOND, NOW(6), lease_until)), 0) FROM bulk_jobs")
			conn.Close()
			if seconds, err := strconv.Atoi(left[0][0]); err != nil || seconds > 28 {
				t.Errorf("the lease of the dead server goes on for %v s, %v", left, err)
			}
			c.awaitNextClaim()
			c.leave(owner)
			c.reach("COMPLETED_WITH_ERRORS")
		})
	}
}

// cluster is three servers on one database with one job that has been started.
type cluster struct {
	*run
	servers []*server
}

func newCluster(t *testing.T, url string, settings ...string) *cluster {
	t.Helper()
	c := &cluster{run: newRun(t, url, 0)}
	c.reach("READY")
	c.server.kill()
	for range 3 {
		c.servers = append(c.servers, c.in.start(append([]string{"serve", "--log-level", "info"}, settings...)...))
	}
	c.server = c.servers[0]
	c.admin.address = c.server.address
	c.claims = c.in.state(1).claims
	c.begin()
	return c
}

// awaitWork waits until a server has claimed the job, written some rows and come
// somewhere into the next ones; it returns the number of the claim and the server.
func (c *cluster) awaitWork() (claim, owner int) {
	c.t.Helper()
	behind := -1
	s := c.in.watch(1, func(s jobState) bool {
		if s.claims > c.claims && behind < 0 {
			behind = s.processed
		}
		return s.status != "PROCESSING" || s.claims > c.claims && s.processed > behind
	})
	if s.status != "PROCESSING" {
		c.t.Fatalf("the job is %s already", s.status)
	}
	c.claims = s.claims
	// A batch takes about so long; most of it is a transaction.
	time.Sleep(time.Duration(c.random.Int64N(int64(150 * time.Millisecond))))
	for i, server := range c.servers {
		if strings.Contains(server.said.String(), fmt.Sprintf("status=PROCESSING claim=%d\n", s.claims)) {
			return s.claims, i
		}
	}
	c.t.Fatalf("no server says that it has claim %d", s.claims)
	return 0, 0
}

// awaitNextClaim waits until another server has the job.
func (c *cluster) awaitNextClaim() {
	c.t.Helper()
	c.in.watch(1, func(s jobState) bool { return s.claims > c.claims })
}

// awaitGivenUp waits until a server has found out that a claim is no longer its
// own: it says so, or that the database has ended its connection.
func (c *cluster) awaitGivenUp(s *server, claim int) {
	c.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		_, since, _ := strings.Cut(s.said.String(), fmt.Sprintf("status=PROCESSING claim=%d\n", claim))
		if strings.Contains(since, "another server took it over") || strings.Contains(since, "level=ERROR") {
			return
		}
	}
	c.t.Errorf("the server has not found out that it lost the job:\n%s", s.said)
}

// leave asks the others from now on.
func (c *cluster) leave(gone int) {
	c.server = c.servers[(gone+1)%len(c.servers)]
	if c.server.hasEnded() {
		c.server = c.servers[(gone+2)%len(c.servers)]
	}
	c.admin.address = c.server.address
}

func (s *server) signal(signal syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
}
