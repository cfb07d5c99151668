package graph_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/graph"
)

// TestACallerRunsFewOperationsAtATime stops a caller's mutations on the way to the
// database, so that they hold what the caller may have.
func TestACallerRunsFewOperationsAtATime(t *testing.T) {
	t.Parallel()
	s, proxy := newServerBehind(t, func(l *graph.Limits) { l.Operations, l.OperationWait = 2, time.Second })
	const query = `{ viewer { educator { id } } }`
	s.token(t, s.NorthAdmin)
	s.token(t, s.SouthAdmin)

	stopped, release := make(chan struct{}), make(chan struct{})
	var writers sync.WaitGroup
	for i := range 2 {
		proxy.At("INSERT INTO `groups`", func() {
			stopped <- struct{}{}
			<-release
		})
		create := s.names(nil).
			Replace(fmt.Sprintf(`mutation { createGroup(input: {organizationId: "{{North}}", name: "G%d"}) { group { id } } }`,
				i))
		writers.Go(func() {
			if a := s.ask(t, s.NorthAdmin, create, nil); len(a.Errors) > 0 {
				t.Errorf("got %+v", a.Errors)
			}
		})
	}
	<-stopped
	<-stopped
	if a := s.ask(t, s.NorthAdmin, query, nil); a.code() != "TOO_MANY_REQUESTS" {
		t.Errorf("the third operation is not refused: %+v", a)
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
