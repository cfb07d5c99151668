package share_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/graph/share"
	"github.com/openhomeroom/homeroom/internal/allowance"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestWhoGivesUpWaitingIsNotRefused distinguishes a caller who has gone, as a browser does
// that no longer wants the answer, from one who holds too much.
func TestWhoGivesUpWaitingIsNotRefused(t *testing.T) {
	t.Parallel()
	caller := &viewer.Viewer{EducatorID: 1}
	patient, hasty := share.NewGate(1, 1, time.Hour), share.NewGate(1, 1, 0)
	for _, gate := range []*share.Gate{patient, hasty} {
		leave, err := gate.Turn(t.Context(), caller)
		if err != nil {
			t.Fatal(err)
		}
		defer leave()
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := patient.Turn(gone, caller); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who has gone: %v", err)
	}
	if _, err := hasty.Turn(t.Context(), caller); !errors.Is(err, allowance.ErrEach) {
		t.Errorf("a caller who holds too much: %v", err)
	}
}
