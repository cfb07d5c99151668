package setting_test

import (
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/setting"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestALooserSettingWaits has an administrator switch the hold off, delete, and switch
// it on again; and do without a second factor.
func TestALooserSettingWaits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, s := fixture.New(t, d), service(d, nil)
		second := w.Educator(t, w.Alpha, "Dora District", viewer.DistrictAdmin, w.Alpha)
		day := fixture.Today.Add(setting.Patience)
		update := func(t *testing.T, who *db.Educator, ch setting.Change) {
			t.Helper()
			if _, refusals, err := s.Update(w.As(t, who), ch); err != nil || len(refusals) > 0 {
				t.Fatalf("%v, %v", refusals, err)
			}
		}
		pending := func(t *testing.T, o *db.Organization) []setting.Pending {
			t.Helper()
			all, err := s.Pending(w.Client().Organization.GetX(fixture.System(), o.ID))
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		recorded := func(action audit.Action) int {
			return w.Client().AuditEvent.Query().Where(auditevent.Action(string(action))).CountX(fixture.System())
		}
		refused := func(t *testing.T, err error, kind fault.Kind, code string) {
			t.Helper()
			if e := fault.From(err); e == nil || e.Kind != kind || code != "" && e.Code != code {
				t.Errorf("%v; want %v %s", err, kind, code)
			}
		}
		all := setting.Change{
			OrganizationID:     w.Alpha.ID,
			HoldDeletedPercent: to(100),
			HoldChangedPercent: to(100),
			RetentionDays:      to(30),
			JobDays:            to(40),
			GoalMinutesPerWeek: to(80),
		}
		t.Run("it holds after a day, in the schools as well", func(t *testing.T) {
			update(t, w.DistrictAdmin, all)
			for _, o := range []*db.Organization{w.Alpha, w.North} {
				got := holds(t, d, o.ID, fixture.Today)
				if got.HoldDeletedPercent != 10 || got.HoldChangedPercent != 75 || got.RetentionDays != 90 || got.JobDays != 365 ||
					got.GoalMinutesPerWeek != 80 {
					t.Errorf("at once: %+v", got)
				}
				if got := holds(t, d, o.ID, day.Add(-time.Second)); got.HoldDeletedPercent != 10 {
					t.Errorf("before: %+v", got)
				}
				got = holds(t, d, o.ID, day)
				if got.HoldDeletedPercent != 100 || got.HoldChangedPercent != 100 || got.RetentionDays != 30 || got.JobDays != 40 {
					t.Errorf("after a day: %+v", got)
				}
			}
			if got := holds(t, d, w.North.ID, day.Add(24*time.Hour)); !got.PurgedBefore(day.Add(24 * time.Hour)).IsZero() {
				t.Error("the week in which a shorter retention is without effect begins too early")
			}
			if p := pending(t, w.Alpha); len(p) != 4 || p[0].By != w.DistrictAdmin.ID || !p[0].EffectiveAt.Equal(day) ||
				recorded(audit.SettingPending) != 4 {
				t.Errorf("%+v", p)
			}
		})
		t.Run("a stricter one holds at once, and ends what waits", func(t *testing.T) {
			update(t, w.DistrictAdmin,
				setting.Change{OrganizationID: w.Alpha.ID, HoldDeletedPercent: to(8), RetentionDays: to(100)})
			got := holds(t, d, w.North.ID, fixture.Today)
			if got.HoldDeletedPercent != 8 || got.RetentionDays != 100 || len(pending(t, w.Alpha)) != 2 {
				t.Errorf("%+v, %+v", got, pending(t, w.Alpha))
			}
		})
		t.Run("to inherit again waits where that is less strict", func(t *testing.T) {
			update(t, w.DistrictAdmin, setting.Change{OrganizationID: w.Alpha.ID, HoldDeletedPercent: inherit[int]()})
			if got := holds(t, d, w.Alpha.ID, fixture.Today); got.HoldDeletedPercent != 8 {
				t.Errorf("%+v", got)
			}
			if got := holds(t, d, w.Alpha.ID, day); got.HoldDeletedPercent != 10 {
				t.Errorf("%+v", got)
			}
		})
		t.Run("it is taken back", func(t *testing.T) {
			if _, err := s.WithdrawPending(w.As(t, second), w.Alpha.ID, setting.HoldDeletedPercent); err != nil {
				t.Fatal(err)
			}
			if got := holds(t, d, w.Alpha.ID, day); got.HoldDeletedPercent != 8 || recorded(audit.SettingWithdrawn) != 1 {
				t.Errorf("%+v", got)
			}
			_, err := s.WithdrawPending(w.As(t, second), w.Alpha.ID, setting.HoldDeletedPercent)
			refused(t, err, fault.Conflict, "NOT_PENDING")
		})
		t.Run("a second administrator consents to what was looked at", func(t *testing.T) {
			update(t, w.DistrictAdmin, setting.Change{OrganizationID: w.Alpha.ID, HoldDeletedPercent: to(50)})
			value, other := 50, 40
			_, err := s.ApprovePending(w.As(t, w.DistrictAdmin), w.Alpha.ID, setting.HoldDeletedPercent,
				setting.Value{Number: &value})
			refused(t, err, fault.Forbidden, "")
			_, err = s.ApprovePending(w.As(t, second), w.Alpha.ID, setting.HoldDeletedPercent, setting.Value{Number: &other})
			refused(t, err, fault.Conflict, "PENDING_CHANGED")
			_, err = s.ApprovePending(w.As(t, second), w.Alpha.ID, setting.HoldDeletedPercent, setting.Value{})
			refused(t, err, fault.Conflict, "PENDING_CHANGED")
			for who, kind := range map[*db.Educator]fault.Kind{
				w.NorthAdmin:   fault.NotFound,
				w.NorthTeacher: fault.NotFound,
				w.BetaAdmin:    fault.NotFound,
			} {
				_, err = s.ApprovePending(w.As(t, who), w.Alpha.ID, setting.HoldDeletedPercent, setting.Value{Number: &value})
				refused(t, err, kind, "")
			}
			if got := holds(t, d, w.Alpha.ID, fixture.Today); got.HoldDeletedPercent != 8 {
				t.Fatalf("%+v", got)
			}
			if _, err := s.ApprovePending(w.As(t, second), w.Alpha.ID, setting.HoldDeletedPercent,
				setting.Value{Number: &value}); err != nil {
				t.Fatal(err)
			}
			if got := holds(t, d, w.North.ID, fixture.Today); got.HoldDeletedPercent != 50 ||
				recorded(audit.SettingApproved) != 1 {
				t.Errorf("%+v", got)
			}
		})
		t.Run("nobody consents in an account that the other has made", func(t *testing.T) {
			puppet := w.Educator(t, w.Alpha, "Paul Puppet", viewer.DistrictAdmin, w.Alpha)
			if err := hold.Note(fixture.System(), w.Client(), fixture.Today, []int{w.DistrictAdmin.ID}, puppet.ID); err != nil {
				t.Fatal(err)
			}
			update(t, w.DistrictAdmin, setting.Change{OrganizationID: w.Alpha.ID, HoldDeletedPercent: to(60)})
			value := 60
			_, err := s.ApprovePending(w.As(t, puppet), w.Alpha.ID, setting.HoldDeletedPercent, setting.Value{Number: &value})
			refused(t, err, fault.Forbidden, "")
		})
		t.Run("a district that becomes stricter takes back what waits for its schools", func(t *testing.T) {
			update(t, w.NorthAdmin, setting.Change{OrganizationID: w.North.ID, HoldDeletedPercent: to(5)})
			update(t, w.NorthAdmin, setting.Change{OrganizationID: w.North.ID, HoldDeletedPercent: to(45)})
			if got := pending(t, w.North); len(got) != 1 {
				t.Fatalf("%+v", got)
			}
			update(t, w.DistrictAdmin, setting.Change{OrganizationID: w.Alpha.ID, HoldDeletedPercent: to(20)})
			if got := holds(t, d, w.North.ID, day); got.HoldDeletedPercent != 5 || len(pending(t, w.North)) != 0 {
				t.Errorf("%+v", got)
			}
			value := 45
			_, err := s.ApprovePending(w.As(t, second), w.North.ID, setting.HoldDeletedPercent, setting.Value{Number: &value})
			refused(t, err, fault.Conflict, "NOT_PENDING")
		})
		t.Run("the operator waits for nobody", func(t *testing.T) {
			if _, _, err := s.Update(fixture.System(),
				setting.Change{OrganizationID: w.Alpha.ID, HoldDeletedPercent: to(90)}); err != nil {
				t.Fatal(err)
			}
			if got := holds(t, d, w.Alpha.ID, fixture.Today); got.HoldDeletedPercent != 90 {
				t.Errorf("%+v", got)
			}
		})
		need := func(t *testing.T, o *db.Organization, at time.Time, want, stored setting.SecondFactor) {
			t.Helper()
			row := w.Client().Organization.GetX(fixture.System(), o.ID)
			kept := setting.SecondFactor("")
			if row.SecondFactorRequired != nil {
				kept = *row.SecondFactorRequired
			}
			if got := holds(t, d, o.ID, at).SecondFactorRequired; got != want || kept != stored {
				t.Errorf("%s needs %s and has stored %q; want %s and %q", o.Name, got, kept, want, stored)
			}
		}
		t.Run("a second factor for fewer people waits, and the stricter need stays where it is read", func(t *testing.T) {
			update(t, w.DistrictAdmin,
				setting.Change{OrganizationID: w.Alpha.ID, SecondFactorRequired: to(setting.EverybodyHasOne)})
			need(t, w.Alpha, fixture.Today, setting.EverybodyHasOne, setting.EverybodyHasOne)
			for _, f := range []setting.Field[setting.SecondFactor]{to(setting.AdministratorsHaveOne),
				to(setting.NoSecondFactor), inherit[setting.SecondFactor]()} {
				update(t, w.DistrictAdmin, setting.Change{OrganizationID: w.Alpha.ID, SecondFactorRequired: f})
				need(t, w.Alpha, fixture.Today, setting.EverybodyHasOne, setting.EverybodyHasOne)
				need(t, w.North, day.Add(-time.Second), setting.EverybodyHasOne, "")
				want := setting.NoSecondFactor
				if f.Value != nil {
					want = *f.Value
				}
				need(t, w.North, day, want, "")
				all := pending(t, w.Alpha)
				last := all[len(all)-1]
				if last.Name != setting.SecondFactorRequired || last.Number != nil || (last.Need == nil) != (f.Value == nil) {
					t.Errorf("%+v", all)
				}
			}
			update(t, w.DistrictAdmin,
				setting.Change{OrganizationID: w.Alpha.ID, SecondFactorRequired: to(setting.EverybodyHasOne)})
			for _, p := range pending(t, w.Alpha) {
				if p.Name == setting.SecondFactorRequired {
					t.Errorf("what is as strict as before has not ended what waits: %+v", p)
				}
			}
		})
		t.Run("a school that clears its own to inherit a looser one waits", func(t *testing.T) {
			if _, _, err := s.Update(fixture.System(),
				setting.Change{OrganizationID: w.Alpha.ID, SecondFactorRequired: to(setting.AdministratorsHaveOne)}); err != nil {
				t.Fatal(err)
			}
			need(t, w.Alpha, fixture.Today, setting.AdministratorsHaveOne, setting.AdministratorsHaveOne)
			update(t, w.NorthAdmin,
				setting.Change{OrganizationID: w.North.ID, SecondFactorRequired: to(setting.EverybodyHasOne)})
			update(t, w.NorthAdmin,
				setting.Change{OrganizationID: w.North.ID, SecondFactorRequired: inherit[setting.SecondFactor]()})
			need(t, w.North, fixture.Today, setting.EverybodyHasOne, setting.EverybodyHasOne)
			need(t, w.North, day, setting.AdministratorsHaveOne, setting.EverybodyHasOne)
			if _, err := s.WithdrawPending(w.As(t, w.NorthAdmin), w.North.ID, setting.SecondFactorRequired); err != nil {
				t.Fatal(err)
			}
			need(t, w.North, day, setting.EverybodyHasOne, setting.EverybodyHasOne)
			update(t, w.NorthAdmin,
				setting.Change{OrganizationID: w.North.ID, SecondFactorRequired: inherit[setting.SecondFactor]()})
		})
		t.Run("an exception that waits for a school ends when its district becomes stricter", func(t *testing.T) {
			update(t, w.DistrictAdmin,
				setting.Change{OrganizationID: w.South.ID, SecondFactorRequired: to(setting.NoSecondFactor)})
			if len(pending(t, w.South)) != 1 {
				t.Fatalf("%+v", pending(t, w.South))
			}
			update(t, w.DistrictAdmin,
				setting.Change{OrganizationID: w.Alpha.ID, SecondFactorRequired: to(setting.EverybodyHasOne)})
			need(t, w.South, day, setting.EverybodyHasOne, "")
			if got := pending(t, w.South); len(got) != 0 {
				t.Errorf("%+v", got)
			}
		})
		t.Run("a second administrator consents to the need that was looked at", func(t *testing.T) {
			update(t, w.DistrictAdmin,
				setting.Change{OrganizationID: w.Alpha.ID, SecondFactorRequired: to(setting.NoSecondFactor)})
			value, other, number := setting.NoSecondFactor, setting.AdministratorsHaveOne, 0
			_, err := s.ApprovePending(w.As(t, w.DistrictAdmin), w.Alpha.ID, setting.SecondFactorRequired,
				setting.Value{Need: &value})
			refused(t, err, fault.Forbidden, "")
			for _, v := range []setting.Value{{Need: &other}, {}, {Number: &number}, {Number: &number, Need: &value}} {
				_, err = s.ApprovePending(w.As(t, second), w.Alpha.ID, setting.SecondFactorRequired, v)
				refused(t, err, fault.Conflict, "PENDING_CHANGED")
			}
			need(t, w.Alpha, fixture.Today, setting.EverybodyHasOne, setting.EverybodyHasOne)
			if _, err := s.ApprovePending(w.As(t, second), w.Alpha.ID, setting.SecondFactorRequired,
				setting.Value{Need: &value}); err != nil {
				t.Fatal(err)
			}
			need(t, w.Alpha, fixture.Today, setting.NoSecondFactor, setting.NoSecondFactor)
		})
		t.Run("what has come to hold is written down by whatever server looks", func(t *testing.T) {
			update(t, w.DistrictAdmin,
				setting.Change{OrganizationID: w.South.ID, SecondFactorRequired: to(setting.EverybodyHasOne)})
			update(t, w.DistrictAdmin,
				setting.Change{
					OrganizationID:       w.South.ID,
					SecondFactorRequired: to(setting.AdministratorsHaveOne),
					HoldDeletedPercent:   to(98),
				})
			at := func(now time.Time) *setting.Service {
				return setting.New(d, setting.Options{Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)})
			}
			if err := at(day.Add(-time.Second)).ApplyDue(t.Context()); err != nil {
				t.Fatal(err)
			}
			need(t, w.South, day, setting.AdministratorsHaveOne, setting.EverybodyHasOne)
			var servers sync.WaitGroup
			for range 4 {
				servers.Go(func() {
					if err := at(day).ApplyDue(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			servers.Wait()
			need(t, w.South, day, setting.AdministratorsHaveOne, setting.AdministratorsHaveOne)
			if o := w.Client().Organization.GetX(fixture.System(), w.South.ID); len(o.PendingSettings) > 0 ||
				*o.HoldDeletedPercent != 98 {
				t.Errorf("%s", o.PendingSettings)
			}
			need(t, w.North, day, setting.NoSecondFactor, "")
		})
		t.Run("what has come to hold is written down with the next change", func(t *testing.T) {
			update(t, w.DistrictAdmin, setting.Change{OrganizationID: w.South.ID, HoldDeletedPercent: to(99)})
			later := setting.New(d,
				setting.Options{Now: func() time.Time { return day.Add(time.Hour) }, Log: slog.New(slog.DiscardHandler)})
			if _, _, err := later.Update(w.As(t, w.DistrictAdmin),
				setting.Change{OrganizationID: w.South.ID, GoalMinutesPerWeek: to(10)}); err != nil {
				t.Fatal(err)
			}
			o := w.Client().Organization.GetX(fixture.System(), w.South.ID)
			if o.HoldDeletedPercent == nil || *o.HoldDeletedPercent != 99 || len(o.PendingSettings) > 0 {
				t.Errorf("%v, %s", o.HoldDeletedPercent, o.PendingSettings)
			}
		})
	})
}
