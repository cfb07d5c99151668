package database_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/openhomeroom/homeroom/internal/database"
)

func TestATroubleIsToldOnceInAWhile(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	h := database.NewLogHandler(slog.NewTextHandler(&out, nil))
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	say := func(level slog.Level, message string, attrs ...any) int {
		t.Helper()
		out.Reset()
		r := slog.NewRecord(now, level, message, 0)
		r.Add(attrs...)
		if err := h.WithAttrs([]slog.Attr{slog.String("server", "a")}).Handle(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		return strings.Count(out.String(), "\n")
	}
	lost := errors.Join(errors.New("look for jobs"), mysql.ErrInvalidConn)
	full := &mysql.MySQLError{Number: 1114, Message: "The table is full"}
	if say(slog.LevelError, "look for jobs", "error", lost) != 1 {
		t.Error("the first time is not told")
	}
	for range 200 {
		now = now.Add(100 * time.Millisecond)
		if say(slog.LevelError, "look for jobs", "error", lost) != 0 {
			t.Fatal("it is told again at once")
		}
	}
	for what, n := range map[string]int{
		"another trouble": say(slog.LevelError, "look for jobs", "error", full),
		"another message": say(slog.LevelError, "purge", "error", lost),
		"another job":     say(slog.LevelError, "look for jobs", "job", 7, "error", lost),
		"what is none":    say(slog.LevelError, "look for jobs", "error", errors.New("something else")),
		"and again":       say(slog.LevelError, "look for jobs", "error", errors.New("something else")),
		"information":     say(slog.LevelInfo, "look for jobs", "error", lost),
	} {
		if n != 1 {
			t.Errorf("%s is told %d times", what, n)
		}
	}
	now = now.Add(time.Minute)
	if say(slog.LevelError, "look for jobs", "error", lost) != 1 || !strings.Contains(out.String(), "times_since=200") {
		t.Errorf("after a minute it says %q", out.String())
	}
}
