package download

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/openhomeroom/homeroom/internal/allowance"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

const (
	// lineWait is how long a download waits for others to end.
	lineWait = 10 * time.Second
	// A client that accepts fewer bytes a second than leastRate over longer than
	// rateFrom keeps others from their files; its own is cut off.
	leastRate = 4 << 10
	rateFrom  = time.Minute
	// ownerAge is how long it holds what was found out about the owner of an address.
	ownerAge = time.Second
	// waitingForEach is how many downloads may wait for each that may be made.
	waitingForEach = 4
)

// line is where downloads wait for each other: a file reads a whole list, and many at
// a time would leave nothing for those who ask for a page.
type line struct {
	made, waiting *allowance.Allowance[caller]
	turn          func(ctx context.Context) (end func(), err error)
	now           func() time.Time
}

// caller is a person or a service key.
type caller struct{ educator, key int }

func newLine(each, all int, turn func(ctx context.Context) (end func(), err error), now func() time.Time) *line {
	return &line{
		made:    allowance.New[caller](int64(each), int64(all)),
		waiting: allowance.New[caller]((1+waitingForEach)*int64(each), (1+waitingForEach)*int64(all)),
		turn:    turn, now: now,
	}
}

// crowd is why a download does not begin.
type crowd struct {
	status int
	text   string
}

var (
	ownCrowd = &crowd{http.StatusTooManyRequests,
		"You have other downloads running. Wait until they end, and open the address again."}
	allCrowd = &crowd{http.StatusServiceUnavailable,
		"Too many downloads are running. Wait a moment, and open the address again."}
)

func (c *crowd) answer(w http.ResponseWriter) {
	w.Header().Set("Retry-After", strconv.Itoa(int(lineWait.Seconds())))
	http.Error(w, c.text, c.status)
}

// enter waits until a file can be made for a viewer, but not for long. Sessions of one
// person count together.
func (l *line) enter(ctx context.Context, v *viewer.Viewer) (leave func(), _ *crowd) {
	who := caller{educator: v.EducatorID}
	if v.Key != nil {
		who.key = v.Key.ID
	}
	err := l.waiting.Take(who, 1)
	if err == nil {
		if err = l.made.Wait(ctx, who, 1, lineWait); err == nil {
			return func() {
				l.made.Give(who, 1)
				l.waiting.Give(who, 1)
			}, nil
		}
		l.waiting.Give(who, 1)
	}
	if errors.Is(err, allowance.ErrEach) {
		return nil, ownCrowd
	}
	return nil, allCrowd
}

// pace has a file written in turns with others. A turn is taken only behind the first
// piece, when the file has its connection to the database and is on record: whoever has
// a turn waits for nothing that another one holds. While a piece goes to the client
// there is none, so that a slow client keeps nobody from a core.
//
// silent is called where the next piece does not come within patience. What the client
// takes does not count, nor what it takes to put the file on record, which has a limit of
// its own.
//
// owned is asked where the file has been going on for longer than ownerAge, and ends it
// where it fails: a client that accepts little would read for hours.
func (l *line) pace(ctx context.Context, w io.Writer, patience time.Duration, silent func(),
	owned func(context.Context) error) *paced {
	return &paced{
		owned:    owned,
		asked:    l.now(),
		ctx:      ctx,
		Writer:   w,
		turn:     l.turn,
		now:      l.now,
		silence:  time.AfterFunc(patience, silent),
		patience: patience,
	}
}

type paced struct {
	io.Writer
	ctx   context.Context
	turn  func(ctx context.Context) (end func(), err error)
	leave func()
	now   func() time.Time
	// written is how many bytes the client has accepted, and waited how long that took.
	written int64
	waited  time.Duration
	// owned says whether the owner of the address may still have the file, and asked is
	// when it was last asked.
	owned func(context.Context) error
	asked time.Time
	// silence is what calls silent.
	silence  *time.Timer
	patience time.Duration
}

var errTooSlow = errors.New("the client accepts less than 4 KiB a second")

func (p *paced) Write(b []byte) (int, error) {
	p.stop()
	p.silence.Stop()
	defer p.silence.Reset(p.patience)
	begun := p.now()
	if begun.Sub(p.asked) >= ownerAge {
		if err := p.owned(p.ctx); err != nil {
			return 0, err
		}
		p.asked = begun
	}
	n, err := p.Writer.Write(b)
	p.written += int64(n)
	p.waited += p.now().Sub(begun)
	if err == nil && p.waited > rateFrom && float64(p.written) < leastRate*p.waited.Seconds() {
		err = errTooSlow
	}
	if err != nil || p.turn == nil {
		return n, err
	}
	end, err := p.turn(p.ctx)
	if err == nil {
		p.leave = end
	}
	return n, err
}

// end is called when the file has ended.
func (p *paced) end() {
	p.silence.Stop()
	p.stop()
}

// stop ends the turn, where there is one.
func (p *paced) stop() {
	if p.leave != nil {
		p.leave()
		p.leave = nil
	}
}
