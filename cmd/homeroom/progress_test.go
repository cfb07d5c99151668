package main_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// Nothing of a job that is all or nothing is written when its server is killed in
// the middle. What people have been shown of it stays all the same.
func TestTheProgressOfOneTransactionSurvivesItsServer(t *testing.T) {
	t.Parallel()
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			r := &run{t: t, in: installation{t: t, url: dbtest.URL(t, kind), folder: t.TempDir()}}
			r.in.run("seed", "--students", "100")
			r.start()
			r.admin = signIn(t, r.server.address, "district@example.com", "homeroom")
			before, school := r.admin.students(), ""
			for school = range r.admin.usableGroups() {
				break
			}
			rows := [][]string{exported}
			for i := range 12_000 {
				rows = append(rows,
					[]string{"", fmt.Sprintf("N%05d", i), "New", "Student", fmt.Sprintf("new%05d", i), "", "5", school, "", "", ""})
			}
			r.jobID = r.admin.wait(r.admin.submitFile("all.csv", csvOf(rows), variables{"commitMode": "ALL_OR_NOTHING"}),
				"READY").ID
			r.begin()
			seen := 50.0
			for _, target := range []float64{60, 75} {
				seen = r.percentFrom(seen, target)
				r.server.kill()
				if s := r.in.state(1); s.status != "PROCESSING" || s.processed != 0 {
					t.Fatalf("the kill at %v %% came too late: %+v", seen, s)
				}
				r.start()
			}
			r.percentFrom(seen, 100)
			if got := r.admin.students(); got != before+12_000 {
				t.Errorf("%d students, want 12,000 more than %d", got, before)
			}
		})
	}
}

// percentFrom asks for the job until its percentage has come to a target, and
// returns what it was last.
func (r *run) percentFrom(seen, target float64) float64 {
	r.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(3 * time.Millisecond) {
		var data struct{ BulkJob job }
		r.admin.ask(`query ($id: ID!) { bulkJob(id: $id) { status progress { percent } } }`, variables{"id": r.jobID}, &data)
		switch now := data.BulkJob.Progress.Percent; {
		case now < seen:
			r.t.Fatalf("the progress went from %v back to %v", seen, now)
		case now >= target:
			return now
		default:
			seen = now
		}
	}
	r.t.Fatalf("the progress stays at %v; the server says:\n%s", seen, r.server.said)
	return 0
}
