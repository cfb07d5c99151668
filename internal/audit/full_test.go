package audit_test

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestATrailThatCannotBeWritten says that nobody waits without an end for a database
// that takes no entries, that nothing is given out then that is not on record, and that
// all that was given out is on record afterwards.
func TestATrailThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		c := &clock{now: fixture.Today}
		s := audit.New(d, c.Now, slog.New(slog.DiscardHandler))
		running, stop := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() { _ = s.Run(running); close(ended) }()

		ctx := w.As(t, w.DistrictAdmin)
		read := audit.Event{Action: audit.StudentsRead, DistrictID: w.Alpha.ID, OrganizationID: w.Alpha.ID}
		given := 0
		var refusal error
		// An entry that is not there at once has been left to the writer: it runs.
		for there := 0; there == given; there = len(events(t, d, w.Alpha.ID)) {
			if err := s.Read(ctx, read); err != nil {
				t.Fatal(err)
			}
			given++
		}
		readOnly(t, d, true)
		for given < 10_000 {
			if refusal = s.Read(ctx, read); refusal != nil {
				break
			}
			given++
		}
		if f := fault.From(refusal); f == nil || f.Kind != fault.Unavailable || f.Code != "AUDIT_TRAIL_FULL" ||
			f.RetryAfter == 0 {
			t.Fatalf("after %d reads: %v", given, refusal)
		}
		// A refusal waits for nobody, and is counted.
		for _, operation := range []string{"One", "Two"} {
			from := viewer.WithOrigin(context.Background(), viewer.Origin{Address: netip.MustParseAddr("192.0.2.7")})
			s.Refused(viewer.WithOperation(from, operation),
				audit.Event{Action: audit.AccessRefused, Code: "UNAUTHENTICATED", DistrictID: w.Beta.ID})
		}
		readOnly(t, d, false)
		for s.Read(ctx, read) != nil {
			time.Sleep(10 * time.Millisecond) // until the writer has tried again
		}
		given++
		stop()
		<-ended
		if v := verify(t, d, w.Alpha.ID, ""); v.Damage != nil || v.Entries != given {
			t.Errorf("%d entries, %+v; want %d", v.Entries, v.Damage, given)
		}
		counted := 0
		for _, e := range events(t, d, w.Beta.ID) {
			if e.Action == string(audit.RefusalsCounted) && strings.Contains(e.Facts, `"refusals":1`) {
				counted++
			}
		}
		if counted != 2 {
			t.Errorf("%d refusals are counted, want 2: %v", counted, events(t, d, w.Beta.ID))
		}
	})
}

// readOnly has a database refuse entries of the trail, as one does that can only be read.
func readOnly(t *testing.T, d *database.DB, yes bool) {
	t.Helper()
	refuse(t, d, "audit_events", yes)
}

// refuse has a database refuse rows of a table.
func refuse(t *testing.T, d *database.DB, table string, yes bool) {
	t.Helper()
	raise := "BEGIN SELECT RAISE(ABORT, 'refused'); END"
	if d.Kind() == database.MySQL {
		raise = "SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1290, MESSAGE_TEXT = 'refused'"
	}
	statement := "CREATE TRIGGER refuse_entries BEFORE INSERT ON " + table + " FOR EACH ROW " + raise
	if !yes {
		statement = "DROP TRIGGER refuse_entries"
	}
	if err := d.InTx(fixture.System(), func(ctx context.Context, client *db.Client) error {
		_, err := client.ExecContext(ctx, statement)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
