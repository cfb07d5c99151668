package setting

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Bounds of the settings, both included.
var (
	goalMinutes    = bounds{1, 7 * 24 * 60, "minutes a week"}
	passwordLength = bounds{DefaultPasswordMinLength, 64, "characters"}
	percent        = bounds{1, 100, "percent"}
	retentionDays  = bounds{MinDays, 365, "days"}
	jobDays        = bounds{MinDays, 1095, "days"}
	yearDays       = bounds{28, 400, "days"}
)

type bounds struct {
	from, to int
	unit     string
}

func (b bounds) check(field string, n int) *fault.Error {
	if n < b.from || n > b.to {
		return fault.Invalidf("%d is not allowed; choose %d to %d %s", n, b.from, b.to, b.unit).
			WithCode("OUT_OF_BOUNDS").At(field)
	}
	return nil
}

// Field is one setting in a change. If it is not Set, the setting stays as it is. If Value
// is nil, the organization inherits the setting from now on.
type Field[T any] struct {
	Set   bool
	Value *T
}

// Change is the input of Update.
type Change struct {
	OrganizationID       int
	Year                 Field[calendar.Year]
	GoalMinutesPerWeek   Field[int]
	TimeZone             Field[string]
	PasswordMinLength    Field[int]
	PasswordRequired     Field[bool]
	HoldDeletedPercent   Field[int]
	HoldChangedPercent   Field[int]
	RetentionDays        Field[int]
	JobDays              Field[int]
	SecondFactorRequired Field[SecondFactor]
}

// Service changes settings.
type Service struct {
	db      *database.DB
	now     func() time.Time
	changed func()
	log     *slog.Logger
}

// Options are what a Service needs.
type Options struct {
	// Changed is called after settings have changed, so that what depends on a school year
	// is recomputed soon. It may be nil.
	Changed func()
	Now     func() time.Time
	Log     *slog.Logger
}

// New returns the service of a database.
func New(d *database.DB, o Options) *Service {
	return &Service{db: d, now: o.Now, changed: o.Changed, log: o.Log}
}

var errNoOrganization = fault.NotFoundf("there is no such organization among those you may see").At("organizationId")

// Update changes the settings of an organization that the caller administers. In settings
// that protect students, an administrator of a school can be stricter than the district,
// but not less strict. Only the district sets how long data is kept, because a Student ID
// is reserved in the whole district. Update reports everything that is wrong at once, and
// then changes nothing.
//
// A change that makes a hold, a retention or the need of a second factor less strict has
// to wait: for Patience, or for a second administrator (see ApprovePending). Otherwise one
// person could switch off the hold that needs two.
func (s *Service) Update(ctx context.Context, ch Change) (*db.Organization, []*fault.Error, error) {
	refusals := ch.check()
	if len(refusals) > 0 {
		return nil, refusals, nil
	}
	v := viewer.FromContext(ctx)
	var updated *db.Organization
	err := s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		refusals, updated = nil, nil
		o, err := s.administered(ctx, client, ch.OrganizationID)
		if err != nil {
			return err
		}
		if !v.Administers(o.DistrictID, o.DistrictID) {
			if refusals, err = s.withinDistrict(ctx, client, o, ch); err != nil || len(refusals) > 0 {
				return err
			}
		}
		u, ch := client.Organization.UpdateOne(o), ch
		postponed, err := s.postpone(ctx, client, u, o, &ch)
		if err != nil {
			return err
		}
		for _, p := range postponed {
			recordPending(ctx, audit.SettingPending, o, p)
		}
		ch.apply(u, o, database.Instant(s.now()))
		before := *o
		if updated, err = u.Save(ctx); err != nil {
			return err
		}
		if len(postponed) == 0 || ch != (Change{OrganizationID: ch.OrganizationID}) {
			record(ctx, &before, updated)
		}
		return s.bringAlong(ctx, client, &before, updated)
	})
	if err != nil || len(refusals) > 0 {
		return nil, refusals, err
	}
	s.log.InfoContext(ctx, "settings of an organization changed", "organization", updated.ID, "by", v.EducatorID)
	if s.changed != nil {
		s.changed()
	}
	return updated, nil, nil
}

// check returns what is wrong with a change by itself.
func (ch Change) check() (refusals []*fault.Error) {
	note := func(err *fault.Error) {
		if err != nil {
			refusals = append(refusals, err)
		}
	}
	number := func(f Field[int], b bounds, field string) {
		if f.Value != nil {
			note(b.check(field, *f.Value))
		}
	}
	if y := ch.Year.Value; y != nil {
		note(checkYear(*y))
	}
	if z := ch.TimeZone.Value; z != nil {
		note(checkZone(*z))
	}
	number(ch.GoalMinutesPerWeek, goalMinutes, "usageGoalMinutesPerWeek")
	number(ch.PasswordMinLength, passwordLength, "passwordMinLength")
	number(ch.HoldDeletedPercent, percent, "holdDeletedPercent")
	number(ch.HoldChangedPercent, percent, "holdChangedPercent")
	number(ch.RetentionDays, retentionDays, "retentionDays")
	number(ch.JobDays, jobDays, "jobDays")
	if f := ch.SecondFactorRequired.Value; f != nil && !slices.Contains(secondFactors, *f) {
		note(fault.Invalidf("write NONE, ADMINISTRATORS or ALL").At("secondFactorRequired"))
	}
	return refusals
}

func checkYear(y calendar.Year) *fault.Error {
	first, last := calendar.Date(2000, time.January, 1), calendar.Date(2100, time.December, 31)
	switch length := int(y.EndsOn-y.StartsOn) + 1; {
	case y.EndsOn < y.StartsOn:
		return fault.Invalidf("the school year ends before it starts").WithCode("OUT_OF_BOUNDS").At("schoolYear.endsOn")
	case y.StartsOn < first || y.EndsOn > last:
		return fault.Invalidf("a school year must be between 2000 and " +
			"2100").WithCode("OUT_OF_BOUNDS").At("schoolYear.startsOn")
	default:
		return yearDays.check("schoolYear.endsOn", length)
	}
}

func checkZone(name string) *fault.Error {
	// "Local" is a name that Go knows and that means another zone on every server.
	if _, err := time.LoadLocation(name); err != nil || name == "" || name == "Local" {
		return fault.Invalidf("there is no such time zone; write a name of the IANA database, such as America/Chicago").
			WithCode("UNKNOWN_TIME_ZONE").At("timeZone")
	}
	return nil
}

// withinDistrict refuses what an administrator of a school may not set.
func (s *Service) withinDistrict(ctx context.Context, client *db.Client, o *db.Organization,
	ch Change) (refusals []*fault.Error, err error) {
	district, err := s.district(ctx, client, o)
	if err != nil {
		return nil, err
	}
	allowed, err := Of(district, district, s.now())
	if err != nil {
		return nil, err
	}
	if ch.RetentionDays.Set {
		refusals = append(refusals,
			fault.Forbiddenf("only administrators of the district can set how long data is kept").At("retentionDays"))
	}
	if ch.JobDays.Set {
		refusals = append(refusals,
			fault.Forbiddenf("only administrators of the district can set how long data is kept").At("jobDays"))
	}
	if n := ch.PasswordMinLength.Value; n != nil && *n < allowed.PasswordMinLength {
		refusals = append(refusals, fault.Invalidf("the district requires at least %d characters", allowed.PasswordMinLength).
			WithCode("OUT_OF_BOUNDS").At("passwordMinLength"))
	}
	if r := ch.PasswordRequired.Value; r != nil && !*r && allowed.PasswordRequired {
		refusals = append(refusals,
			fault.Invalidf("the district requires passwords").WithCode("OUT_OF_BOUNDS").At("passwordRequired"))
	}
	if f := ch.SecondFactorRequired.Value; f != nil && laxer(*f, allowed.SecondFactorRequired) {
		refusals = append(refusals,
			fault.Invalidf("the district requires a second factor for more people (%s)", allowed.SecondFactorRequired).
				WithCode("OUT_OF_BOUNDS").At("secondFactorRequired"))
	}
	atMost := func(field string, wanted *int, most int) {
		if wanted != nil && *wanted > most {
			refusals = append(refusals,
				fault.Invalidf("the district allows at most %d percent", most).WithCode("OUT_OF_BOUNDS").At(field))
		}
	}
	atMost("holdDeletedPercent", ch.HoldDeletedPercent.Value, allowed.HoldDeletedPercent)
	atMost("holdChangedPercent", ch.HoldChangedPercent.Value, allowed.HoldChangedPercent)
	return refusals, nil
}

// apply writes a checked change into an update.
func (ch Change) apply(u *db.OrganizationUpdateOne, o *db.Organization, now time.Time) {
	write(ch.Year, func(y calendar.Year) *db.OrganizationUpdateOne {
		return u.SetSchoolYearStartsOn(y.StartsOn).SetSchoolYearEndsOn(y.EndsOn)
	}, func() *db.OrganizationUpdateOne { return u.ClearSchoolYearStartsOn().ClearSchoolYearEndsOn() })
	write(ch.TimeZone, u.SetTimeZone, u.ClearTimeZone)
	write(ch.GoalMinutesPerWeek, u.SetUsageGoalMinutes, u.ClearUsageGoalMinutes)
	write(ch.PasswordMinLength, u.SetPasswordMinLength, u.ClearPasswordMinLength)
	write(ch.HoldDeletedPercent, u.SetHoldDeletedPercent, u.ClearHoldDeletedPercent)
	write(ch.HoldChangedPercent, u.SetHoldChangedPercent, u.ClearHoldChangedPercent)
	write(ch.SecondFactorRequired, u.SetSecondFactorRequired, u.ClearSecondFactorRequired)
	write(ch.JobDays, u.SetJobDays, u.ClearJobDays)
	write(ch.RetentionDays, u.SetRetentionDays, u.ClearRetentionDays)
	if f := ch.RetentionDays; f.Set && !equal(f.Value, o.RetentionDays) {
		u.SetRetentionChangedAt(now)
	}
	write(ch.PasswordRequired, func(required bool) *db.OrganizationUpdateOne {
		if required {
			return u.SetPasswordRequired(1)
		}
		return u.SetPasswordRequired(0)
	}, u.ClearPasswordRequired)
}

func write[T any](f Field[T], set func(T) *db.OrganizationUpdateOne, inherit func() *db.OrganizationUpdateOne) {
	switch {
	case !f.Set:
	case f.Value == nil:
		inherit()
	default:
		set(*f.Value)
	}
}

func equal[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }
