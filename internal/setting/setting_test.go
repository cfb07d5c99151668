package setting_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/setting"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func service(d *database.DB, changed func()) *setting.Service {
	return setting.New(d,
		setting.Options{Changed: changed, Now: func() time.Time { return fixture.Today }, Log: slog.New(slog.DiscardHandler)})
}

func to[T any](v T) setting.Field[T] { return setting.Field[T]{Set: true, Value: &v} }

func inherit[T any]() setting.Field[T] { return setting.Field[T]{Set: true} }

// holds are the settings of an organization as they are now.
func holds(t *testing.T, d *database.DB, id int, now time.Time) setting.Settings {
	t.Helper()
	all, err := setting.ByID(context.Background(), d.Client(context.Background()), now, id)
	if err != nil {
		t.Fatal(err)
	}
	return all[id]
}

// approveAll has a second administrator consent to all that waits.
func approveAll(t *testing.T, w *fixture.World, second *db.Educator, organizationID int) {
	t.Helper()
	pending, err := setting.PendingOf(w.Client().Organization.GetX(fixture.System(), organizationID), fixture.Today)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pending {
		if _, err := service(w.DB, nil).ApprovePending(w.As(t, second), organizationID, p.Name, p.Value); err != nil {
			t.Fatal(err)
		}
	}
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		second := w.Educator(t, w.Alpha, "Dora District", viewer.DistrictAdmin, w.Alpha)
		calls := 0
		s := service(d, func() { calls++ })
		update := func(t *testing.T, who *db.Educator, ch setting.Change) {
			t.Helper()
			if _, refusals, err := s.Update(w.As(t, who), ch); err != nil || len(refusals) > 0 {
				t.Fatalf("%v, %v", refusals, err)
			}
			approveAll(t, w, second, ch.OrganizationID)
		}
		year := calendar.Year{StartsOn: calendar.Date(2026, time.August, 17), EndsOn: calendar.Date(2027, time.June, 18)}
		t.Run("a district sets everything, and its schools inherit it", func(t *testing.T) {
			update(t, w.DistrictAdmin,
				setting.Change{
					OrganizationID:       w.Alpha.ID,
					Year:                 to(year),
					GoalMinutesPerWeek:   to(80),
					TimeZone:             to("America/Chicago"),
					PasswordMinLength:    to(6),
					PasswordRequired:     to(true),
					HoldDeletedPercent:   to(5),
					HoldChangedPercent:   to(50),
					RetentionDays:        to(60),
					JobDays:              to(40),
					SecondFactorRequired: to(setting.AdministratorsHaveOne),
				})
			got := holds(t, d, w.North.ID, fixture.Today)
			all := setting.Inherited{
				Year:                 true,
				GoalMinutesPerWeek:   true,
				TimeZone:             true,
				PasswordMinLength:    true,
				PasswordRequired:     true,
				HoldDeletedPercent:   true,
				HoldChangedPercent:   true,
				RetentionDays:        true,
				JobDays:              true,
				SecondFactorRequired: true,
			}
			if got.Inherited != all || got.Year != year || got.GoalMinutesPerWeek != 80 ||
				got.TimeZone.String() != "America/Chicago" || got.PasswordMinLength != 6 ||
				!got.PasswordRequired || got.HoldDeletedPercent != 5 || got.HoldChangedPercent != 50 || got.RetentionDays != 60 ||
				got.SecondFactorRequired != setting.AdministratorsHaveOne {
				t.Errorf("settings %+v", got)
			}
			if got.JobDays != 60 {
				t.Errorf("jobs are kept for %d days, and can be undone for 60", got.JobDays)
			}
			if own := holds(t, d, w.Alpha.ID, fixture.Today); own.Inherited != (setting.Inherited{}) {
				t.Errorf("the district inherits %+v", own.Inherited)
			}
			if calls != 1 {
				t.Errorf("%d calls of Changed", calls)
			}
		})
		t.Run("a school sets its own, and what is left out stays", func(t *testing.T) {
			update(t, w.NorthAdmin,
				setting.Change{OrganizationID: w.North.ID, GoalMinutesPerWeek: to(60), PasswordMinLength: to(8)})
			got := holds(t, d, w.North.ID, fixture.Today)
			if got.GoalMinutesPerWeek != 60 || got.Inherited.GoalMinutesPerWeek || got.PasswordMinLength != 8 ||
				!got.Inherited.Year || got.Year != year {
				t.Errorf("settings %+v", got)
			}
		})
		t.Run("and inherits again", func(t *testing.T) {
			update(t, w.NorthAdmin,
				setting.Change{OrganizationID: w.North.ID, GoalMinutesPerWeek: inherit[int](), PasswordMinLength: inherit[int]()})
			if got := holds(t, d, w.North.ID, fixture.Today); got.GoalMinutesPerWeek != 80 ||
				!got.Inherited.GoalMinutesPerWeek || got.PasswordMinLength != 6 {
				t.Errorf("settings %+v", got)
			}
		})
		t.Run("the administrator of a school stays within what the district allows", func(t *testing.T) {
			_, refusals, err := s.Update(w.As(t, w.NorthAdmin),
				setting.Change{
					OrganizationID:       w.North.ID,
					PasswordMinLength:    to(5),
					PasswordRequired:     to(false),
					HoldDeletedPercent:   to(6),
					HoldChangedPercent:   to(51),
					RetentionDays:        to(90),
					JobDays:              to(90),
					GoalMinutesPerWeek:   to(10),
					SecondFactorRequired: to(setting.NoSecondFactor),
				})
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"FORBIDDEN retentionDays", "FORBIDDEN jobDays", "OUT_OF_BOUNDS passwordMinLength",
				"OUT_OF_BOUNDS passwordRequired", "OUT_OF_BOUNDS secondFactorRequired", "OUT_OF_BOUNDS holdDeletedPercent",
				"OUT_OF_BOUNDS holdChangedPercent"}
			wantRefusals(t, refusals, want)
			if got := holds(t, d, w.North.ID, fixture.Today); got.GoalMinutesPerWeek != 80 {
				t.Error("a refused change has changed something")
			}
		})
		t.Run("and may be stricter about second factors", func(t *testing.T) {
			update(t, w.NorthAdmin,
				setting.Change{OrganizationID: w.North.ID, SecondFactorRequired: to(setting.EverybodyHasOne)})
			if got := holds(t, d, w.North.ID, fixture.Today); got.SecondFactorRequired != setting.EverybodyHasOne ||
				got.Inherited.SecondFactorRequired {
				t.Errorf("settings %+v", got)
			}
			update(t, w.NorthAdmin,
				setting.Change{OrganizationID: w.North.ID, SecondFactorRequired: inherit[setting.SecondFactor]()})
		})
		t.Run("a district that becomes stricter about second factors takes its exceptions back", func(t *testing.T) {
			update(t, w.DistrictAdmin,
				setting.Change{OrganizationID: w.South.ID, SecondFactorRequired: to(setting.NoSecondFactor)})
			update(t, w.DistrictAdmin,
				setting.Change{OrganizationID: w.Alpha.ID, SecondFactorRequired: to(setting.EverybodyHasOne)})
			if got := holds(t, d, w.South.ID, fixture.Today); got.SecondFactorRequired != setting.EverybodyHasOne ||
				!got.Inherited.SecondFactorRequired {
				t.Errorf("settings %+v", got)
			}
		})
		t.Run("that of the district does not", func(t *testing.T) {
			update(t, w.DistrictAdmin,
				setting.Change{
					OrganizationID:    w.South.ID,
					PasswordMinLength: to(4),
					PasswordRequired:  to(false),
					RetentionDays:     to(30),
				})
			if got := holds(t, d, w.South.ID, fixture.Today); got.PasswordMinLength != 4 || got.PasswordRequired ||
				got.RetentionDays != 30 {
				t.Errorf("settings %+v", got)
			}
		})
		t.Run("a school that has written down what holds anyway is not excepted from what comes", func(t *testing.T) {
			update(t, w.NorthAdmin,
				setting.Change{
					OrganizationID:     w.North.ID,
					PasswordMinLength:  to(6),
					HoldDeletedPercent: to(5),
					HoldChangedPercent: to(20),
				})
			update(t, w.DistrictAdmin,
				setting.Change{
					OrganizationID:     w.Alpha.ID,
					PasswordMinLength:  to(10),
					HoldDeletedPercent: to(2),
					HoldChangedPercent: to(30),
				})
			got := holds(t, d, w.North.ID, fixture.Today)
			if got.PasswordMinLength != 10 || !got.Inherited.PasswordMinLength || got.HoldDeletedPercent != 2 ||
				got.HoldChangedPercent != 20 || got.GoalMinutesPerWeek != 80 {
				t.Errorf("settings %+v", got)
			}
			update(t, w.DistrictAdmin, setting.Change{OrganizationID: w.South.ID, PasswordMinLength: to(4)})
			update(t, w.DistrictAdmin, setting.Change{OrganizationID: w.Alpha.ID, GoalMinutesPerWeek: to(70)})
			if got := holds(t, d, w.South.ID, fixture.Today); got.PasswordMinLength != 4 {
				t.Errorf("an exception was taken back: %+v", got)
			}
			n := w.Client().AuditEvent.Query().Where(auditevent.Action(string(audit.SettingsChanged)),
				auditevent.OrganizationID(w.North.ID)).CountX(fixture.System())
			if n != 5 {
				t.Errorf("%d entries about the school; want one more for the one change", n)
			}
		})
		t.Run("everything out of bounds is told at once", func(t *testing.T) {
			_, refusals, err := s.Update(w.As(t, w.DistrictAdmin), setting.Change{
				OrganizationID:       w.Alpha.ID,
				Year:                 to(calendar.Year{StartsOn: year.EndsOn, EndsOn: year.StartsOn}),
				TimeZone:             to("Mars/Olympus"),
				GoalMinutesPerWeek:   to(0),
				PasswordMinLength:    to(3),
				HoldDeletedPercent:   to(0),
				HoldChangedPercent:   to(101),
				RetentionDays:        to(29),
				JobDays:              to(1096),
				SecondFactorRequired: to(setting.SecondFactor("SOME")),
			})
			if err != nil {
				t.Fatal(err)
			}
			wantRefusals(t, refusals,
				[]string{"OUT_OF_BOUNDS schoolYear.endsOn", "UNKNOWN_TIME_ZONE timeZone", "OUT_OF_BOUNDS usageGoalMinutesPerWeek",
					"OUT_OF_BOUNDS passwordMinLength", "OUT_OF_BOUNDS holdDeletedPercent", "OUT_OF_BOUNDS holdChangedPercent",
					"OUT_OF_BOUNDS retentionDays", "OUT_OF_BOUNDS jobDays", "BAD_USER_INPUT secondFactorRequired"})
		})
		t.Run("others get what they see", func(t *testing.T) {
			for who, want := range map[*db.Educator]fault.Kind{
				w.NorthTeacher: fault.Forbidden,
				w.SouthAdmin:   fault.NotFound,
				w.BetaAdmin:    fault.NotFound,
			} {
				_, _, err := s.Update(w.As(t, who), setting.Change{OrganizationID: w.North.ID, GoalMinutesPerWeek: to(1)})
				if fault.KindOf(err) != want {
					t.Errorf("%s: %v", who.Email, err)
				}
			}
			_, _, err := s.Update(w.As(t, w.NorthAdmin), setting.Change{OrganizationID: w.Alpha.ID, GoalMinutesPerWeek: to(1)})
			if fault.KindOf(err) != fault.NotFound {
				t.Errorf("the district: %v", err)
			}
		})
		t.Run("a policy keeps the administrator of a school from anything but settings", func(t *testing.T) {
			ctx := w.As(t, w.NorthAdmin)
			if err := w.Client().Organization.UpdateOneID(w.North.ID).SetName("Mine").Exec(ctx); !db.IsNotFound(err) {
				t.Errorf("renamed: %v", err)
			}
			if err := w.Client().Organization.UpdateOneID(w.North.ID).SetUsageGoalMinutes(5).SetRetentionDays(30).
				Exec(ctx); !db.IsNotFound(err) {
				t.Errorf("retention: %v", err)
			}
		})
	})
}

func wantRefusals(t *testing.T, refusals []*fault.Error, want []string) {
	t.Helper()
	var got []string
	for _, r := range refusals {
		got = append(got, r.Code+" "+r.Field)
	}
	if len(got) != len(want) {
		t.Fatalf("refused %v, want %v", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("refused %s, want %s", got[i], want[i])
		}
	}
}

func TestAChangedRetentionWaitsForAWeek(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, s := fixture.New(t, d), service(d, nil)
		deleted := fixture.Today.Add(-40 * 24 * time.Hour)
		if at := holds(t, d, w.North.ID, fixture.Today).PurgeAt(deleted); !at.Equal(deleted.AddDate(0, 0, 90)) {
			t.Errorf("purged at %s", at)
		}
		if _, refusals, err := s.Update(w.As(t, w.DistrictAdmin),
			setting.Change{OrganizationID: w.Alpha.ID, RetentionDays: to(30)}); err != nil || len(refusals) > 0 {
			t.Fatal(refusals, err)
		}
		approveAll(t, w, w.Educator(t, w.Alpha, "Dora District", viewer.DistrictAdmin, w.Alpha), w.Alpha.ID)
		got := holds(t, d, w.North.ID, fixture.Today)
		if at := got.PurgeAt(deleted); !at.Equal(fixture.Today.AddDate(0, 0, 7)) || !got.Reserves(deleted, fixture.Today) ||
			!got.PurgedBefore(fixture.Today).IsZero() {
			t.Errorf("purged at %s; before %s", at, got.PurgedBefore(fixture.Today))
		}
		later := fixture.Today.AddDate(0, 0, 8)
		got = holds(t, d, w.North.ID, later)
		if got.Reserves(deleted, later) || !deleted.Before(got.PurgedBefore(later)) {
			t.Errorf("after a week it is still kept: before %s", got.PurgedBefore(later))
		}
	})
}
