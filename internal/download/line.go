package download

import (
	"cmp"
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
	// lineWait is how long a download waits for other downloads.
	lineWait = 10 * time.Second
	// If a client accepts fewer bytes a second than leastRate for longer than rateFrom,
	// its file is cut off. Such a file takes no place from others, but a part of the
	// storage.
	leastRate = 4 << 10
	rateFrom  = time.Minute
	// ownerAge is how long the result of looking up the owner of an address is used.
	ownerAge = time.Second
	// waitingForEach is how many downloads may wait for each one that may be made.
	waitingForEach = 4
)

// line is where downloads wait for each other. A file reads a whole list, and many at the
// same time would leave nothing for people who ask for a page.
type line struct {
	made, waiting, spooled *allowance.Pool
	each, all              int64
	// keptEach and keptAll limit the bytes that wait for clients.
	keptEach, keptAll int64
	turn              func(ctx context.Context) (end func(), err error)
	now               func() time.Time
}

// caller is a person or a service key, and district a district.
type (
	caller   struct{ educator, key int }
	district int
	all      struct{}
)

func newLine(o Options) *line {
	return &line{
		made:     allowance.NewPool(),
		waiting:  allowance.NewPool(),
		spooled:  allowance.NewPool(),
		each:     int64(cmp.Or(o.Each, 2)),
		all:      int64(cmp.Or(o.All, 8)),
		keptEach: cmp.Or(o.KeptEach, spoolEach),
		keptAll:  cmp.Or(o.KeptAll, spoolAll),
		turn:     o.Turn, now: o.Now,
	}
}

// levels returns what one caller may take, and all callers of a district. A district gets
// half, or all but one if the server has seen no other district, so that the next district
// still finds a place.
func levels(v *viewer.Viewer, each, most int64) []allowance.Level {
	who := caller{educator: v.EducatorID}
	if v.Key != nil {
		who.key = v.Key.ID
	}
	return []allowance.Level{
		{Key: who, Most: each},
		{Key: district(v.District()), Most: max(1, most/2), Alone: max(1, most-1)},
		{Key: all{}, Most: most},
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

// enter waits, but not for long, until a file can be made for a viewer. Sessions of one
// person count together. The place is released when the file is made, and not when the
// client has it.
func (l *line) enter(ctx context.Context, v *viewer.Viewer) (leave func(), _ *crowd) {
	waiting := l.waiting.Enter(nil, levels(v, (1+waitingForEach)*l.each, (1+waitingForEach)*l.all)...)
	made := l.made.Enter(nil, levels(v, l.each, l.all)...)
	leave = func() {
		made.Leave()
		waiting.Leave()
	}
	err := waiting.Take(1)
	if err == nil {
		err = made.Within(ctx, 1, lineWait)
	}
	if err == nil {
		return leave, nil
	}
	leave()
	if errors.Is(err, allowance.ErrEach) {
		return nil, ownCrowd
	}
	return nil, allCrowd
}

// pace lets files take turns. The first turn begins after the first piece, when the file
// has its connection to the database and is on record: a file that has a turn waits for
// nothing that another file holds. A file has no turn while a piece is stored or while it
// waits for the client, so that a slow client keeps nobody from a core.
//
// silent is called if the next piece does not come within patience. The time that the
// client takes does not count, and neither does recording the file, which has its own
// limit.
func (l *line) pace(ctx context.Context, w io.Writer, patience time.Duration, silent func()) *paced {
	return &paced{
		ctx:      ctx,
		Writer:   w,
		turn:     l.turn,
		silence:  time.AfterFunc(patience, silent),
		patience: patience,
	}
}

type paced struct {
	io.Writer
	ctx   context.Context
	turn  func(ctx context.Context) (end func(), err error)
	leave func()
	// silence is the timer that calls silent.
	silence  *time.Timer
	patience time.Duration
}

func (p *paced) Write(b []byte) (int, error) {
	p.stop()
	p.silence.Stop()
	defer p.silence.Reset(p.patience)
	n, err := p.Writer.Write(b)
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

// stop ends the turn, if there is one.
func (p *paced) stop() {
	if p.leave != nil {
		p.leave()
		p.leave = nil
	}
}
