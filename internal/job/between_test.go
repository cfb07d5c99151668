package job_test

import (
	"context"
	"sync"

	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// moment is a point in the life of a job at which the world changes around it.
type moment int

const (
	// afterSubmission is before anybody has looked at the rows.
	afterSubmission moment = iota
	// duringCheck is when the first half of the rows has been checked, and nothing of
	// the second half has been looked up.
	duringCheck
	// afterCheck is between the look at the preview and the start.
	afterCheck
	// afterStart is before a server has taken the job up again.
	afterStart
	// beforeWrite is when a server is about to write the first half: the plans have been
	// read and the passwords hashed.
	beforeWrite
	// betweenWrites is when the first half has been written, and not the second.
	betweenWrites
	// afterWrite is before somebody asks for the undo.
	afterWrite
	// afterRequest is between the request for the undo and the first row put back.
	afterRequest
	// betweenUndos is when the second half has been put back, and not the first.
	betweenUndos
	moments
)

var momentNames = [moments]string{"after the submission", "during the check", "after the check", "after the start",
	"before a write", "between writes", "after the write", "after the request for an undo", "between undos"}

// halt stops the work of a server on one job at one moment that no request could hit. It
// changes the world there, and lets the job continue. It notices the moment by what the
// work asks of the rest of the program: its turn for each piece of work, and the roles of
// a person for each batch.
type halt struct {
	at     moment
	change func()
	// selected is set for a job by selection, whose rows are checked in one sequence.
	selected bool

	mu sync.Mutex
	// stages are the contexts of the stages of the work, in the order in which they were
	// first heard of, with the number of their turns.
	stages []context.Context
	turns  map[context.Context]int
	// asked is how often the roles of somebody were asked for.
	asked int
	once  sync.Once
	// ready is closed when the first half has been checked, or the plans of the second
	// half have been read.
	ready   chan struct{}
	isReady sync.Once
}

func newHalt(at moment, selected bool, change func()) *halt {
	return &halt{at: at, selected: selected, change: change, turns: map[context.Context]int{}, ready: make(chan struct{})}
}

// options have a server stop at the halt.
func (h *halt) options(o *jobs.Options) {
	o.Turn = h.turn
	roles := o.Viewer
	o.Viewer = func(ctx context.Context, educatorID int) (*viewer.Viewer, error) {
		h.mu.Lock()
		h.asked++
		second := h.asked == 2
		h.mu.Unlock()
		// An undo asks once for each batch.
		if h.at == betweenUndos && second {
			h.once.Do(h.change)
		}
		return roles(ctx, educatorID)
	}
}

// turn is asked for each piece of work of each stage. The check of a file has three:
// rows are read, looked up and checked; the writer has two: plans are read and written.
func (h *halt) turn(ctx context.Context) (func(), error) {
	stage, n := h.heard(ctx)
	reads := stage == 0
	switch {
	case h.at == duringCheck && !h.selected && reads && n == 2:
		// The second half is not read before the first one has been checked.
		if err := until(ctx, h.ready); err != nil {
			return nil, err
		}
		h.once.Do(h.change)
	case (h.at == beforeWrite || h.at == betweenWrites) && !reads:
		// The plans of the second half are read ahead.
		if err := until(ctx, h.ready); err != nil {
			return nil, err
		}
		if h.at == beforeWrite {
			h.once.Do(h.change)
		}
	}
	return func() {
		switch {
		case h.at == duringCheck && h.selected, h.at == betweenWrites && !reads:
			h.once.Do(h.change)
		case h.at == duringCheck && stage == 2, (h.at == beforeWrite || h.at == betweenWrites) && reads && n == 2:
			h.isReady.Do(func() { close(h.ready) })
		}
	}, nil
}

// until waits for an event of another stage.
func until(ctx context.Context, event chan struct{}) error {
	select {
	case <-event:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// heard returns the stage of a context, and which turn of the stage this is.
func (h *halt) heard(ctx context.Context) (stage, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.turns[ctx]++
	for i, known := range h.stages {
		if known == ctx {
			return i, h.turns[ctx]
		}
	}
	h.stages = append(h.stages, ctx)
	return len(h.stages) - 1, h.turns[ctx]
}
