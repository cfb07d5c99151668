package roster_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/doctor"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/usage"
)

// clock is the time of the tests.
func clock() time.Time { return fixture.Today }

func newRoster(d *database.DB) *roster.Service {
	log := slog.New(slog.DiscardHandler)
	return roster.New(d, roster.Options{
		Hash:    func(_ context.Context, password string) (string, error) { return "hash of " + password, nil },
		Recount: usage.RecountStudents,
		Now:     clock,
		Log:     log,
	})
}

// refused fails unless err is a refusal with the code, and with field if it is given; it
// returns the refusal.
func refused(t *testing.T, err error, code, field string) {
	t.Helper()
	var list roster.Refusals
	if !errors.As(err, &list) {
		if f := fault.From(err); f != nil {
			list = roster.Refusals{f}
		}
	}
	for _, f := range list {
		if f.Code == code && (field == "" || f.Field == field) {
			return
		}
	}
	t.Fatalf("got %v; want a refusal with code %s at %q", err, code, field)
}

func ids(students ...*db.Student) []int {
	list := make([]int, len(students))
	for i, s := range students {
		list[i] = s.ID
	}
	return list
}

// healthy fails if a derived number is wrong.
func healthy(t *testing.T, d *database.DB) {
	t.Helper()
	_, err := doctor.New(d).Examine(context.Background(), false, func(f doctor.Finding) error {
		// The fixture records seconds without daily usage.
		if f.Column != "seconds_this_year" {
			t.Errorf("derived number: %s", f)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func ptr[T any](v T) *T { return &v }
