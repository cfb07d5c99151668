package graph_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"homeroom/ent/db"
	"homeroom/graph"
	"homeroom/internal/database"
	"homeroom/internal/dbtest"
	"homeroom/internal/fixture"
)

// TestACallerRunsFewOperationsAtATime lets a caller's mutations wait for the
// database, so that they hold what the caller may have.
func TestACallerRunsFewOperationsAtATime(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, database.SQLite)
	s := newServer(t, d, func(l *graph.Limits) { l.Operations, l.OperationWait = 2, time.Second })
	const query = `{ viewer { educator { id } } }`
	s.token(t, s.NorthAdmin)
	s.token(t, s.SouthAdmin)

	locked, release := make(chan struct{}), make(chan struct{})
	var writers sync.WaitGroup
	writers.Go(func() {
		err := d.InTx(fixture.System(), func(context.Context, *db.Client) error {
			close(locked)
			<-release
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-locked
	for i := range 2 {
		create := s.names(nil).Replace(fmt.Sprintf(`mutation { createGroup(input: {organizationId: "{{North}}", name: "G%d"}) { group { id } } }`, i))
		writers.Go(func() {
			if a := s.ask(t, s.NorthAdmin, create, nil); len(a.Errors) > 0 {
				t.Errorf("got %+v", a.Errors)
			}
		})
	}
	until := time.Now().Add(patience)
	for s.ask(t, s.NorthAdmin, query, nil).code() != "TOO_MANY_REQUESTS" {
		if time.Now().After(until) {
			t.Error("the third operation is not refused")
			break
		}
	}
	if a := s.ask(t, s.SouthAdmin, query, nil); len(a.Errors) > 0 {
		t.Errorf("somebody else is refused: %+v", a.Errors)
	}
	close(release)
	writers.Wait()
	if a := s.ask(t, s.NorthAdmin, query, nil); len(a.Errors) > 0 {
		t.Errorf("after the others have ended: %+v", a.Errors)
	}
}
