package main_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// killRuns is how many jobs are disturbed on each kind of database. For a long
// test: go test ./cmd/homeroom -run ServerIsKilled -timeout 2h -kill-runs 50
var killRuns = flag.Int("kill-runs", 4, "how many jobs are disturbed on each kind of database by killing their servers")

const (
	// killsOfAPhase is how often the server is killed while it checks a file, and how
	// often while it writes the result.
	killsOfAPhase = 7
	killedRows    = 5000
	// shortLease lets a restarted server continue soon.
	shortLease = "--job-lease=1s"
)

// TestARemovalSurvivesThatItsServerIsKilled kills servers while they delete students who are not
// in a file.
func TestARemovalSurvivesThatItsServerIsKilled(t *testing.T) {
	t.Parallel()
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			undisturbed := newRemoval(t, dbtest.URL(t, kind), 0)
			undisturbed.reach("READY")
			undisturbed.begin()
			want := undisturbed.end("COMPLETED")
			if c := want.job.Counts; c.Deleted < 500 || c.Unchanged == 0 || c.EnrollmentsRemoved == 0 {
				t.Fatalf("the file does not remove students: %+v", c)
			}
			var kills atomic.Int32
			t.Cleanup(func() {
				if kills.Load() == 0 {
					t.Error("no server was killed while it deleted students")
				}
			})
			for i := range (*killRuns + 1) / 2 {
				t.Run(fmt.Sprintf("file %d ends as if nobody had been killed", i+1), func(t *testing.T) {
					t.Parallel()
					r := newRemoval(t, dbtest.URL(t, kind), uint64(i))
					r.reach("READY")
					r.begin()
					kills.Add(r.disturb("PROCESSING"))
					r.end("COMPLETED").mustEqual(t, want)
				})
			}
		})
	}
}

func TestAJobSurvivesThatItsServerIsKilled(t *testing.T) {
	t.Parallel()
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			undisturbed := newRun(t, dbtest.URL(t, kind), 0)
			undisturbed.reach("READY")
			undisturbed.begin()
			want := undisturbed.end("COMPLETED_WITH_ERRORS")
			if c := want.job.Counts; c.Created == 0 || c.Updated == 0 || c.Unchanged == 0 ||
				c.EnrollmentsAdded == 0 || c.Errors == 0 {
				t.Fatalf("the file does not do everything: %+v", c)
			}
			var verifying, processing atomic.Int32
			t.Cleanup(func() {
				t.Logf("servers were killed %d times while they verified and %d times while they wrote", verifying.Load(),
					processing.Load())
				if verifying.Load() == 0 || processing.Load() == 0 {
					t.Error("one of the two has not happened")
				}
			})
			for i := range *killRuns {
				t.Run(fmt.Sprintf("file %d ends as if nobody had been killed", i+1), func(t *testing.T) {
					t.Parallel()
					r := newRun(t, dbtest.URL(t, kind), uint64(i))
					verifying.Add(r.disturb("VERIFYING"))
					r.reach("READY")
					r.begin()
					processing.Add(r.disturb("PROCESSING"))
					r.end("COMPLETED_WITH_ERRORS").mustEqual(t, want)
				})
			}
		})
	}
}

// run is one job on a database of its own.
type run struct {
	t      *testing.T
	in     installation
	random *rand.Rand
	server *server
	admin  *client
	jobID  string // In the API.
	rows   int    // Of the job.
	// claims is the number of times that a server had claimed the job when the last
	// one was killed.
	claims int
}

func newRun(t *testing.T, url string, seed uint64) *run {
	t.Helper()
	r := prepareRun(t, url, seed)
	r.rows = killedRows
	r.submitted(r.admin.submit(r.in.mixedFile("1", killedRows)))
	return r
}

// newRemoval is newRun for a file that has a third of the students; the others are deleted.
func newRemoval(t *testing.T, url string, seed uint64) *run {
	t.Helper()
	r := prepareRun(t, url, seed)
	conn := r.in.open()
	defer conn.Close()
	if _, err := conn.Exec("UPDATE organizations SET hold_deleted_percent = 100, hold_changed_percent = 100"); err != nil {
		t.Fatal(err)
	}
	_, students := queried(t, conn, "SELECT external_id, grade FROM students WHERE synced = 0 ORDER BY external_id")
	r.rows = len(students)
	file := [][]string{{"Student ID", "Classes/Groups"}}
	for _, st := range students[:len(students)/3] {
		file = append(file, []string{st[0], ""})
	}
	r.submitted(r.admin.submitFile("all of them.csv", csvOf(file), variables{"missing": "DELETE"}))
	return r
}

// prepareRun makes an installation with a server and somebody who is signed in.
func prepareRun(t *testing.T, url string, seed uint64) *run {
	t.Helper()
	r := &run{t: t, in: installation{t: t, url: url, folder: t.TempDir()}, random: rand.New(rand.NewPCG(seed, 1))}
	r.in.run("seed", "--students", "2000")
	r.start()
	r.admin = signIn(t, r.server.address, "district@example.com", "homeroom")
	return r
}

func (r *run) submitted(p jobPayload) {
	r.t.Helper()
	t := r.t
	if p.Job == nil {
		t.Fatalf("the file is refused: %v", p.UserErrors)
	}
	r.jobID = p.Job.ID
}

// start starts a server, which is a new one after the first time.
func (r *run) start() {
	r.server = r.in.start("serve", shortLease, "--log-level", "warn")
	if r.admin != nil {
		r.admin.address = r.server.address
	}
}

// begin starts the job.
func (r *run) begin() {
	r.t.Helper()
	if p := r.admin.begin(r.jobID); len(p.UserErrors) > 0 {
		r.t.Fatalf("the job cannot be started: %v", p.UserErrors)
	}
}

// disturb kills the server again and again while the job has a status, each time
// starts another one, and returns how often it met the job at work.
func (r *run) disturb(status string) (kills int32) {
	r.t.Helper()
	for left := killsOfAPhase; left > 0; left-- {
		if !r.awaitNextKill(status, left) {
			break
		}
		r.server.kill()
		state := r.in.state(1)
		if state.status == status && state.claims > r.claims {
			kills++
		}
		r.claims = state.claims
		r.start()
	}
	return kills
}

// awaitNextKill waits until the present server has claimed the job and come to a
// random place in it, and reports whether there is still something to disturb.
func (r *run) awaitNextKill(status string, left int) bool {
	r.t.Helper()
	// A share of the kills comes right after the claim, when a server begins again.
	atOnce := r.random.IntN(4) == 0
	// A pause of up to what a batch takes meets its transactions everywhere.
	longest := 50 * time.Millisecond
	if status == "PROCESSING" {
		longest = 200 * time.Millisecond
	}
	share, pause := r.random.Float64(), time.Duration(r.random.Int64N(int64(longest)))
	from, target := -1, 0.0
	reached := r.in.watch(1, func(s jobState) bool {
		done := s.checked
		if status == "PROCESSING" {
			done = s.processed
		}
		switch {
		case s.status != status:
			return true
		case s.claims <= r.claims:
			return false
		case from < 0:
			from = done
			target = 0.8 * share * float64(r.rows)
			if status == "PROCESSING" {
				target = float64(done) + share*float64(r.rows-done)/float64(left+1)
			}
		}
		// A server that verifies again first takes back what the one before it had
		// counted.
		begun := status == "PROCESSING" || from == 0 || done != from
		return atOnce || begun && float64(done) >= target
	})
	time.Sleep(pause)
	return reached.status == status
}

// reach waits until the job has come to a status by itself.
func (r *run) reach(status string) {
	r.t.Helper()
	s := r.in.watch(1, func(s jobState) bool { return s.status != "VERIFYING" && s.status != "PROCESSING" })
	if s.status != status {
		r.t.Fatalf("the job is %s, want %s; the server says:\n%s", s.status, status, r.server.said)
	}
}

// end waits for the end of the job and returns its result.
func (r *run) end(status string) outcome {
	r.t.Helper()
	r.reach(status)
	if log := r.server.said.String(); strings.Contains(log, "level=WARN") || strings.Contains(log, "level=ERROR") {
		r.t.Errorf("the server complains:\n%s", log)
	}
	return r.outcome()
}

// outcome ends the server and returns what the job has shown and done.
func (r *run) outcome() outcome {
	r.t.Helper()
	var data struct{ BulkJob job }
	r.admin.ask(`query ($id: ID!) { bulkJob(id: $id) `+jobFields+` }`, variables{"id": r.jobID}, &data)
	r.server.kill()
	if said := r.in.run("doctor"); !strings.Contains(said, "every derived number is correct") {
		r.t.Error(said)
	}
	return outcome{job: data.BulkJob, contents: r.in.contents()}
}

// outcome is what a job has shown and done.
type outcome struct {
	job job
	contents
}

func (o outcome) mustEqual(t *testing.T, want outcome) {
	t.Helper()
	if !reflect.DeepEqual(o.job, want.job) {
		t.Errorf("the job is %+v\nwant %+v", o.job, want.job)
	}
	o.contents.mustEqual(t, want.contents)
}
