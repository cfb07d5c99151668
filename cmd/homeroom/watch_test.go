package main_test

import (
	"database/sql"
	"time"
)

// jobState is the progress of a job in the database.
type jobState struct {
	status, owner                     string
	claims, checked, processed, total int
}

// state returns the state of a job.
func (in installation) state(jobID int) jobState {
	in.t.Helper()
	conn := in.open()
	defer conn.Close()
	s, err := readState(conn, jobID)
	if err != nil {
		in.t.Fatal(err)
	}
	return s
}

// watch reads a job many times a second until it has seen enough, and returns the last
// state. It leaves no connection open: the next server must recover the SQLite file, as
// after any crash.
func (in installation) watch(jobID int, enough func(jobState) bool) jobState {
	in.t.Helper()
	conn := in.open()
	defer conn.Close()
	var s jobState
	for deadline := time.Now().Add(4 * patience); time.Now().Before(deadline); time.Sleep(4 * time.Millisecond) {
		var err error
		if s, err = readState(conn, jobID); err != nil {
			in.t.Fatal(err)
		}
		if enough(s) {
			return s
		}
	}
	in.t.Fatalf("job %d has come to %+v, and no further", jobID, s)
	return s
}

func readState(conn *sql.DB, jobID int) (s jobState, err error) {
	err = conn.QueryRow(
		"SELECT status, lease_owner, fence, created + updated + unchanged + errors, processed_rows, total_rows "+
			"FROM bulk_jobs WHERE id = ?", jobID).
		Scan(&s.status, &s.owner, &s.claims, &s.checked, &s.processed, &s.total)
	return s, err
}
