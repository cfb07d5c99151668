// Package budget limits the CPU time that reading and checking one file may take.
package budget

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/openhomeroom/homeroom/internal/csvfile"
)

// CheckTooCostly is the code for a file whose check takes more CPU time than any
// honest one.
const CheckTooCostly = "CHECK_TOO_COSTLY"

// rowTime is the CPU time that the check of a row may take, in addition to what every
// file has. A row normally takes a tenth of that.
const rowTime = time.Millisecond

// ErrLong ends the check of a small file that takes as long as that of a large one.
var ErrLong = errors.New("budget: the check takes too long for one of a short file")

// Budget limits the CPU time that the check of one file takes: reading it and
// interpreting its rows. It does not count what the database does meanwhile on another
// machine, so a slow database refuses nobody. The pieces of the check run on their own
// threads, whose time the system knows.
type Budget struct {
	cpu   func() time.Duration // Of the thread that asks.
	limit time.Duration
	// short is the time after which the check is ended with ErrLong, or 0.
	short time.Duration
	rows  atomic.Int64
	spent atomic.Int64
	// reading is the piece in which the file is read.
	reading atomic.Pointer[piece]
}

// New returns the budget of a file: a limit (0 for none) plus a millisecond for each
// row, and the shorter limit after which ErrLong ends the check (0 for none). cpu is
// the CPU time of the calling thread; see ThreadTime.
func New(cpu func() time.Duration, limit, short time.Duration) *Budget {
	return &Budget{cpu: cpu, limit: limit, short: short}
}

// SetRows says how many rows the file has.
func (b *Budget) SetRows(n int64) { b.rows.Store(n) }

// piece is a part of the check that is under way.
type piece struct {
	*Budget
	last time.Duration
}

// spend counts what the piece has used since the last call, and returns an error if
// all pieces together have used too much.
func (p *piece) spend() error {
	now := p.cpu()
	spent := time.Duration(p.spent.Add(int64(now - p.last)))
	p.last = now
	if p.short > 0 && spent > p.short {
		return ErrLong
	}
	limit := p.limit + time.Duration(p.rows.Load())*rowTime
	if p.limit == 0 || spent <= limit {
		return nil
	}
	return &csvfile.Error{Code: CheckTooCostly,
		Message: fmt.Sprintf(
			"Checking the file took more than %v of computing time, far too much for its number of rows. Nothing was written.",
			limit.Round(time.Second)),
		Hint: `Save the list again as "CSV UTF-8", without formats, comments and other sheets, ` +
			"or split it into several files. If that does not help, tell the person who runs the server."}
}

// During does a piece of the check and counts its time.
func (b *Budget) During(do func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p := &piece{Budget: b, last: b.cpu()}
	return cmp.Or(do(), p.spend())
}

// WhileReading is During for a piece in which the file is read: what that takes is
// counted on the way as well, because one piece may be the whole file.
func (b *Budget) WhileReading(do func() error) error {
	defer b.BeginReading()()
	err := do()
	return cmp.Or(err, b.reading.Load().spend())
}

// BeginReading begins such a piece. The caller stays on its thread until it ends the piece.
func (b *Budget) BeginReading() (end func()) {
	runtime.LockOSThread()
	b.reading.Store(&piece{Budget: b, last: b.cpu()})
	return func() {
		b.reading.Store(nil)
		runtime.UnlockOSThread()
	}
}

// Limits are the limits of a file whose reading counts toward the budget, and stops
// when ctx ends.
func (b *Budget) Limits(ctx context.Context, of csvfile.Limits) csvfile.Limits {
	of.Spend = func() error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		p := b.reading.Load()
		if p == nil {
			return nil
		}
		return p.spend()
	}
	return of
}
