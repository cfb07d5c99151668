package privacy_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/ent/db/usagetotal"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/grade"
	"github.com/openhomeroom/homeroom/internal/privacy"
	"github.com/openhomeroom/homeroom/internal/usage"
)

// afterFirst ends a context when a purge has logged its first batch, as a server
// that dies there.
type afterFirst struct {
	slog.Handler
	end context.CancelFunc
}

func (h afterFirst) Enabled(context.Context, slog.Level) bool { return true }

func (h afterFirst) Handle(context.Context, slog.Record) error { h.end(); return nil }

// leavers are deleted students of North with a minute of usage each.
func (w *world) leavers(n int) {
	w.t.Helper()
	ctx, client := fixture.System(), w.Client()
	product := client.Product.Create().SetCode("MATH").SaveX(ctx)
	for i := range n {
		id := fmt.Sprintf("leaver%03d", i)
		st := client.Student.Create().SetDistrictID(w.Alpha.ID).SetOrganizationID(w.North.ID).SetExternalID(id).
			SetUsername(id).SetUsernameKey(id).
			SetFirstName("L").SetLastName(id).SetSortName(fold.SortName(id, "L")).SetGrade(12).SetDeletedAt(fixture.Today).
			SetSecondsThisYear(60).SetActive(1).SaveX(ctx)
		client.UsageDay.Create().SetStudentID(st.ID).SetProductID(product.ID).SetDay(calendar.Date(2026, 11, 2)).
			SetSeconds(60).ExecX(ctx)
	}
}

func TestAPurgeIsDoneOnceAndGoesOnWhereItWasStopped(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.leavers(130)
		stays := w.Student(t, w.North, "Stays", "Here", 0)
		w.clock.days(91)
		system := fixture.System()

		ctx, end := context.WithCancel(context.Background())
		dying := privacy.New(w.DB,
			privacy.Options{Importer: w.importer, Now: w.clock.Now, Log: slog.New(afterFirst{slog.DiscardHandler, end})})
		if _, err := dying.Purge(ctx); err == nil {
			t.Fatal("it was not stopped")
		}
		if left := w.Client().Student.Query().CountX(system); left != 81 {
			t.Fatalf("%d students are left after the first batch", left)
		}

		var all sync.WaitGroup
		var mu sync.Mutex
		erased := 0
		for range 4 {
			all.Go(func() {
				s := privacy.New(w.DB, privacy.Options{Importer: w.importer, Now: w.clock.Now, Log: slog.New(slog.DiscardHandler)})
				list, err := s.Purge(context.Background())
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				for _, p := range list {
					erased += p.Students
				}
			})
		}
		all.Wait()
		if left := w.Client().Student.Query().AllX(system); erased != 80 || len(left) != 1 || left[0].ID != stays.ID {
			t.Errorf("%d erased, %d left", erased, len(left))
		}
		seconds := 0
		for _, total := range w.Client().UsageTotal.Query().Where(usagetotal.OrganizationID(w.North.ID)).AllX(system) {
			seconds += total.Seconds
			if total.WeekEnding != calendar.Date(2026, 11, 7) {
				t.Errorf("%+v", total)
			}
		}
		if seconds != 130*60 {
			t.Errorf("the sums of the school hold %d seconds", seconds)
		}
		if got := w.Client().Organization.GetX(system, w.Alpha.ID).ErasedStudents; got != 130 {
			t.Errorf("%d students were counted", got)
		}
		entries := w.Client().AuditEvent.Query().Where(auditevent.Action(string(audit.DataPurged))).CountX(system)
		if entries != 3 {
			t.Errorf("%d entries in the audit trail", entries)
		}
		w.healthy()
		from, to := calendar.Date(2026, 11, 2), calendar.Date(2026, 11, 4)
		erasedIn := func(who *db.Educator, org *db.Organization, grades []grade.Grade, products []string) string {
			t.Helper()
			r, err := w.usage.Report(w.As(t, who), org.ID, usage.Custom, &from, &to, grades, products)
			switch {
			case err != nil:
				t.Fatal(err)
			case r.Totals.Seconds != 0:
				t.Errorf("the erased are in the totals: %+v", r.Totals)
			}
			seconds, err := w.usage.ErasedSeconds(w.As(t, who), r)
			if err != nil {
				t.Fatal(err)
			}
			if seconds == nil {
				return "nothing"
			}
			return fmt.Sprint(*seconds)
		}
		for got, want := range map[string]string{
			"school " + erasedIn(w.NorthAdmin, w.North, nil, nil):                       "school 7800",
			"district " + erasedIn(w.DistrictAdmin, w.Alpha, nil, []string{"MATH"}):     "district 7800",
			"other product " + erasedIn(w.DistrictAdmin, w.Alpha, nil, []string{"ART"}): "other product 0",
			"grades " + erasedIn(w.NorthAdmin, w.North, []grade.Grade{12}, nil):         "grades nothing",
			"teacher " + erasedIn(w.NorthTeacher, w.North, nil, nil):                    "teacher nothing",
			"South " + erasedIn(w.SouthAdmin, w.South, nil, nil):                        "South nothing",
			"Beta " + erasedIn(w.BetaAdmin, w.Beta, nil, nil):                           "Beta nothing",
		} {
			if got != want {
				t.Errorf("got %s; want %s", got, want)
			}
		}
	})
}
