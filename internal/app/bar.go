package app

import (
	"fmt"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"homeroom/internal/importer"
)

// bar shows progress on a terminal: rows a second and the time that is left. On
// anything else it stays silent, so that logs hold no carriage returns.
type bar struct {
	app   *app
	what  string
	shown *progressbar.ProgressBar
}

func (a *app) bar(what string) *bar { return &bar{app: a, what: what} }

// to moves the bar; it never goes back.
func (b *bar) to(done, total int) {
	f, ok := b.app.err.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || total == 0 {
		return
	}
	if b.shown == nil {
		b.shown = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(f), progressbar.OptionSetDescription(b.what),
			progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("rows"),
			progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionFullWidth())
	}
	if int64(done) > b.shown.State().CurrentNum {
		_ = b.shown.Set(done)
	}
}

// during moves the bar and says what is being done: hashing passwords takes long,
// and the rows stand still meanwhile.
func (b *bar) during(p importer.Progress) {
	b.to(p.ProcessedRows, p.TotalRows)
	if b.shown == nil {
		return
	}
	what := b.what
	if p.Phase == importer.HashingPasswords {
		what = fmt.Sprintf("%s, %d of %d passwords", b.what, p.HashedPasswords, p.TotalPasswords)
	}
	if b.shown.State().Description != what {
		b.shown.Describe(what)
	}
}

// finish leaves the bar and goes to the next line.
func (b *bar) finish() {
	if b.shown != nil {
		_ = b.shown.Finish()
		fmt.Fprintln(b.app.err)
	}
}
