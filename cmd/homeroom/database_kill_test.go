package main_test

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestAJobSurvivesThatItsDatabaseIsKilled(t *testing.T) {
	t.Parallel()
	d := newDatabaseServer(t)
	undisturbed := newRun(t, d.url("undisturbed"), 0)
	undisturbed.reach("READY")
	undisturbed.begin()
	want := undisturbed.end("COMPLETED_WITH_ERRORS")

	r := newRun(t, d.url("disturbed"), 1)
	r.reach("READY")
	r.begin()
	random := rand.New(rand.NewPCG(1, 2))
	for left := 3; left > 0; left-- {
		behind := 0
		r.in.watch(1, func(s jobState) bool {
			if behind == 0 {
				behind = s.processed + random.IntN(1+(s.total-s.processed)/left)
			}
			return s.status != "PROCESSING" || s.processed >= behind && s.owner != ""
		})
		time.Sleep(time.Duration(random.IntN(40)) * time.Millisecond)
		d.kill()
		r.mustAnswer("/readyz", http.StatusServiceUnavailable)
		r.mustAnswer("/healthz", http.StatusOK)
		d.start()
		r.mustAnswer("/readyz", http.StatusOK)
		s := r.in.state(1)
		t.Logf("the database was killed behind row %d of %d; the job is %s", s.processed, s.total, s.status)
		if left == 3 && s.status != "PROCESSING" {
			t.Error("the first kill came too late")
		}
	}
	r.reach("COMPLETED_WITH_ERRORS")
	if r.server.hasEnded() {
		t.Fatalf("the server has ended:\n%s", r.server.said)
	}
	if said := r.server.said.String(); strings.Contains(said, "panic") {
		t.Error(said)
	}
	r.outcome().mustEqual(t, want)
}

// mustAnswer waits until an address of the server answers with a status.
func (r *run) mustAnswer(path string, want int) {
	r.t.Helper()
	last := 0
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		answer, err := http.Get(r.server.address + path)
		if err != nil {
			r.t.Fatal(err)
		}
		answer.Body.Close()
		if last = answer.StatusCode; last == want {
			return
		}
	}
	r.t.Fatalf("%s answers %d, want %d", path, last, want)
}
