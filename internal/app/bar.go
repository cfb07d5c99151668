package app

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/openhomeroom/homeroom/internal/job/progress"
	"github.com/openhomeroom/homeroom/internal/quote"
)

// bar shows progress on a terminal: rows a second and the time that is left. On
// anything else it stays silent, so that logs hold no carriage returns.
type bar struct {
	// out is nil where there is no terminal.
	out   io.Writer
	what  string
	now   func() time.Time
	pace  pace
	shown *progressbar.ProgressBar
}

func (a *app) bar(what string) *bar {
	b := &bar{what: what, now: a.now}
	if f, ok := a.err.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		b.out = f
	}
	return b
}

// to moves the bar; it never goes back.
func (b *bar) to(done, total int) {
	if b.out == nil || total == 0 {
		return
	}
	if b.shown == nil {
		// The library would divide what a job had done before by the moment since the
		// bar was made, so the rate is not its own.
		b.shown = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(b.out), progressbar.OptionSetDescription(b.what), progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false),
			progressbar.OptionFullWidth())
	}
	if int64(done) > b.shown.State().CurrentNum {
		_ = b.shown.Set(done)
	}
}

// during moves the bar and says what is being done, and how fast: hashing passwords
// takes long, and the rows stand still meanwhile.
func (b *bar) during(p progress.Progress) {
	b.to(p.ProcessedRows, p.TotalRows)
	if b.shown == nil {
		return
	}
	what := b.what
	if p.Phase == progress.HashingPasswords {
		what = fmt.Sprintf("%s, %d of %s", what, p.HashedPasswords, quote.Count(p.TotalPasswords, "password"))
		what += b.pace.tell(b.now(), p.Phase, p.HashedPasswords, p.TotalPasswords, "passwords")
	} else {
		what += b.pace.tell(b.now(), p.Phase, p.ProcessedRows, p.TotalRows, "rows")
	}
	if b.shown.State().Description != what {
		b.shown.Describe(what)
	}
}

// finish leaves the bar and goes to the next line.
func (b *bar) finish() {
	if b.shown != nil {
		_ = b.shown.Finish()
		fmt.Fprintln(b.out)
	}
}

// pace is how fast a phase of a job goes, from the moment at which it was seen
// first: another server may have done a part of it before.
type pace struct {
	phase progress.Phase
	since time.Time
	from  int
}

// settled is how long a phase has to last before its pace says anything.
const settled = 500 * time.Millisecond

// tell says how fast a phase goes and how long it will take, behind a comma, or
// nothing as long as that is not known.
func (p *pace) tell(now time.Time, phase progress.Phase, done, total int, noun string) string {
	if p.since.IsZero() || phase != p.phase || done < p.from {
		*p = pace{phase, now, done}
	}
	took := now.Sub(p.since)
	if took < settled || done <= p.from {
		return ""
	}
	perSecond := float64(done-p.from) / took.Seconds()
	text := fmt.Sprintf(", %.0f %s/s", perSecond, noun)
	if perSecond < 10 {
		text = fmt.Sprintf(", %.1f %s/s", perSecond, noun)
	}
	if left := time.Duration(float64(total-done) / perSecond * float64(time.Second)).Round(time.Second); left > 0 {
		text += fmt.Sprintf(", %s left", left)
	}
	return text
}
