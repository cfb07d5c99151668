package ahead_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/ahead"
)

func TestValuesComeInOrderAndAnErrorAtTheEnd(t *testing.T) {
	t.Parallel()
	failed := errors.New("failed")
	var got []int
	var last error
	for v, err := range ahead.Run(t.Context(), func(_ context.Context, put func(int) bool) error {
		for i := range 5 {
			put(i)
		}
		return failed
	}) {
		if err == nil {
			got = append(got, v)
		}
		last = err
	}
	if len(got) != 5 || got[0] != 0 || got[4] != 4 || !errors.Is(last, failed) {
		t.Errorf("%v, and then %v", got, last)
	}
}

func TestAPanicIsAnError(t *testing.T) {
	t.Parallel()
	var last error
	for _, err := range ahead.Run(t.Context(), func(context.Context, func(int) bool) error { panic("over") }) {
		last = err
	}
	if last == nil || !strings.Contains(last.Error(), "over") {
		t.Errorf("it ended with %v", last)
	}
}

// TestWhoLeavesWaitsForTheEnd leaves the loop after the first value: the producer is told,
// and has ended when the loop has.
func TestWhoLeavesWaitsForTheEnd(t *testing.T) {
	t.Parallel()
	ended := false
	for range ahead.Run(t.Context(), func(ctx context.Context, put func(int) bool) error {
		defer func() { ended = ctx.Err() != nil }()
		for i := 0; put(i); i++ {
		}
		return nil
	}) {
		break
	}
	if !ended {
		t.Error("the producer still runs, or was not told")
	}
}

func TestTheEndOfTheContextIsAnError(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var last error
	for _, err := range ahead.Run(ctx, func(_ context.Context, put func(int) bool) error {
		cancel()
		for put(0) {
		}
		return nil
	}) {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("it ended with %v", last)
	}
}
