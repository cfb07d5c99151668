package app_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/app"
	"github.com/openhomeroom/homeroom/internal/job/progress"
)

func TestTheBarTellsNoPaceThatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	now := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	b := app.NewBar(&out, "verifying students.csv", func() time.Time { return now })
	const none = ""
	told := ""
	for _, step := range []struct {
		what        string
		after       time.Duration
		phase       progress.Phase
		rows, words int
		want        string
	}{
		{"the first look, with rows that are done already", 0, progress.Verifying, 4000, 0, none},
		{"a moment later", 100 * time.Millisecond, progress.Verifying, 5000, 0, none},
		{"half a second later", 400 * time.Millisecond, progress.Verifying, 5000, 0, ", 2000 rows/s, 3s left"},
		{"a second later", 500 * time.Millisecond, progress.Verifying, 7000, 0, ", 3000 rows/s, 1s left"},
		{"the next phase", 0, progress.HashingPasswords, 7000, 3, ", 3 of 10 passwords"},
		{"which has gone on for a moment", 200 * time.Millisecond, progress.HashingPasswords, 7000, 4, ", 4 of 10 passwords"},
		{"and for a while", 1800 * time.Millisecond, progress.HashingPasswords, 7000, 6, ", 6 of 10 passwords, 1.5 passwords/s, 3s left"},
		{"rows again", 0, progress.Writing, 7000, 6, none},
		{"which stand still", 10 * time.Second, progress.Writing, 7000, 6, none},
		{"and come to their end", 10 * time.Second, progress.Writing, 10_000, 6, ", 150 rows/s"},
	} {
		now = now.Add(step.after)
		out.Reset()
		b.During(progress.Progress{
			Phase:           step.phase,
			ProcessedRows:   step.rows,
			TotalRows:       10_000,
			HashedPasswords: step.words,
			TotalPasswords:  10,
		})
		lines := strings.Split(strings.TrimRight(out.String(), "\r\n "), "\r")
		last := lines[len(lines)-1]
		if out.Len() == 0 {
			last = told // Nothing is drawn if nothing is new.
		}
		told = last
		if !strings.HasPrefix(strings.TrimSpace(last), "verifying students.csv"+step.want+" ") {
			t.Errorf("%s: %q, want %q", step.what, last, step.want)
		}
	}
}
