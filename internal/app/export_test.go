package app

import (
	"io"
	"time"

	"github.com/openhomeroom/homeroom/internal/job/progress"
)

// Bar is a bar.
type Bar = bar

// NewBar is a bar on what counts as a terminal.
func NewBar(out io.Writer, what string, now func() time.Time) *Bar {
	return &bar{out: out, what: what, now: now}
}

// During is during.
func (b *bar) During(p progress.Progress) { b.during(p) }

// Operator is operator.
var Operator = operator
