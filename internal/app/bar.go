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

// bar shows progress on a terminal: rows per second and the remaining time. Anywhere else
// it stays silent, so that logs have no carriage returns.
type bar struct {
	// out is nil if there is no terminal.
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

// to moves the bar. It never moves back.
func (b *bar) to(done, total int) {
	if b.out == nil || total == 0 {
		return
	}
	if b.shown == nil {
		// The library would divide all the work of the job by the time since the bar was
		// made, so the rate is computed here.
		b.shown = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(b.out), progressbar.OptionSetDescription(b.what), progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false),
			progressbar.OptionFullWidth())
	}
	if int64(done) > b.shown.State().CurrentNum {
		_ = b.shown.Set(done)
	}
}

// during moves the bar and says what is being done, and how fast. While passwords are
// hashed, which takes long, the number of rows does not move.
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

// finish leaves the bar as it is and starts a new line.
func (b *bar) finish() {
	if b.shown != nil {
		_ = b.shown.Finish()
		fmt.Fprintln(b.out)
	}
}

// pace is how fast a phase of a job goes, measured from when it was first seen. Another
// server may have done a part of it before.
type pace struct {
	phase progress.Phase
	since time.Time
	from  int
}

// settled is how long a phase must last before its pace is meaningful.
const settled = 500 * time.Millisecond

// tell returns how fast a phase goes and how long it will take, after a comma. It is empty
// as long as that is unknown.
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
