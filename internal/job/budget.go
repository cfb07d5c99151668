package job

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

// rowTime is the CPU time that the check of a row may take, beside what every file
// has. It takes a tenth of that.
const rowTime = time.Millisecond

// errLong ends the check of a small file that takes as long as that of a large one.
var errLong = errors.New("job: the check takes too long for one of a short file")

// budget bounds the CPU time that the check of one file takes: reading it and making
// sense of its rows, and not what the database does meanwhile on another machine, so
// that a slow database refuses nobody. The pieces of the check run on threads of
// their own, whose time the system knows.
type budget struct {
	cpu   func() time.Duration // Of the thread that asks.
	limit time.Duration
	// short is the time after which the check is ended with errLong, or 0.
	short time.Duration
	rows  atomic.Int64
	spent atomic.Int64
	// reading is the piece in which the file is read.
	reading atomic.Pointer[piece]
}

// piece is a part of the check that is under way.
type piece struct {
	*budget
	last time.Duration
}

// spend counts what the piece has taken since it was last asked, and returns an error
// where all of them together have taken too much.
func (p *piece) spend() error {
	now := p.cpu()
	spent := time.Duration(p.spent.Add(int64(now - p.last)))
	p.last = now
	if p.short > 0 && spent > p.short {
		return errLong
	}
	limit := p.limit + time.Duration(p.rows.Load())*rowTime
	if p.limit == 0 || spent <= limit {
		return nil
	}
	return &csvfile.Error{Code: CheckTooCostly,
		Message: fmt.Sprintf(
			"Checking the file took more than %v of computing time, far more than its rows explain. Nothing was written.",
			limit.Round(time.Second)),
		Hint: `Save the list anew as "CSV UTF-8", without formats, comments and other sheets, ` +
			"or divide it into several files. If it stays so, tell whoever runs the server."}
}

// during does a piece of the check and counts its time.
func (b *budget) during(do func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p := &piece{budget: b, last: b.cpu()}
	return cmp.Or(do(), p.spend())
}

// whileReading is during for a piece in which the file is read: what that takes is
// counted on the way as well, because one piece may be the whole file.
func (b *budget) whileReading(do func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p := &piece{budget: b, last: b.cpu()}
	b.reading.Store(p)
	defer b.reading.Store(nil)
	return cmp.Or(do(), p.spend())
}

// limits are those of a file whose reading the budget counts, and which is not read on
// where ctx has ended.
func (b *budget) limits(ctx context.Context, of csvfile.Limits) csvfile.Limits {
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

// inBudget does a piece of a check when it is its turn.
func (s checking) inBudget(ctx context.Context, b *budget, do func() error) error {
	return s.inTurn(ctx, func() error { return b.during(do) })
}
