// Package setting knows which settings apply to an organization: its own, else those of
// its district, else the defaults. All defaults and bounds are here.
package setting

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// The defaults.
const (
	// DefaultGoalMinutes is the usage goal, in minutes a week for each student.
	DefaultGoalMinutes = 100
	// DefaultPasswordMinLength counts characters.
	DefaultPasswordMinLength = 4
	// DefaultHoldDeletedPercent and DefaultHoldChangedPercent are the share of the students
	// beyond which a job waits for a second administrator.
	DefaultHoldDeletedPercent = 10
	DefaultHoldChangedPercent = 75
	// DefaultRetentionDays is how long a deleted student can be restored.
	DefaultRetentionDays = 90
	// DefaultJobDays is how long the rows of finished jobs are kept.
	DefaultJobDays = 365
	// MinDays is the shortest time for which anything is kept.
	MinDays = 30
)

// retentionNotice is how long a changed retention has no effect on the purge. A purge
// cannot be reverted, so there is a week to correct a mistake.
const retentionNotice = 7 * 24 * time.Hour

// Settings are what applies to an organization.
type Settings struct {
	// Year is the school year exactly as it was set: it does not roll over after its last
	// day, nor wait for its first. The default year begins on August 1 and does roll over.
	Year calendar.Year
	// GoalMinutesPerWeek is the usage goal for each student.
	GoalMinutesPerWeek int
	// TimeZone decides on which calendar day an instant falls. The default is UTC.
	TimeZone *time.Location
	// PasswordMinLength is the shortest new password of a student, in characters.
	PasswordMinLength int
	// PasswordRequired is true if a new student needs a password.
	PasswordRequired bool
	// HoldDeletedPercent and HoldChangedPercent are how many of the students a job may
	// delete and change without the approval of a second administrator.
	HoldDeletedPercent, HoldChangedPercent int
	// RetentionDays is how long a deleted student is kept, and a job can be undone.
	RetentionDays int
	// JobDays is how long the rows of finished jobs are kept, which is at least as long as
	// the jobs can be undone.
	JobDays int
	// SecondFactorRequired says which educators need a second factor to sign in. Package
	// identity reads it with every request, in SQL.
	SecondFactorRequired SecondFactor

	// Inherited says which settings the organization has not set itself.
	Inherited Inherited

	retentionSince time.Time
}

// Inherited is true for each setting that comes from the district or from the defaults.
type Inherited struct {
	Year, GoalMinutesPerWeek, TimeZone, PasswordMinLength, PasswordRequired,
	HoldDeletedPercent, HoldChangedPercent, RetentionDays, JobDays, SecondFactorRequired bool
}

// Today is the calendar day in the organization's time zone.
func (s Settings) Today(now time.Time) calendar.Day { return calendar.DayOf(now, s.TimeZone) }

// Retention is RetentionDays as a duration.
func (s Settings) Retention() time.Duration { return days(s.RetentionDays) }

// PurgeAt is when the personal data of a student may be erased who was deleted at an
// instant. Until then the student can be restored, and the Student ID and username stay
// reserved.
func (s Settings) PurgeAt(deletedAt time.Time) time.Time {
	at := deletedAt.Add(s.Retention())
	if notice := s.retentionSince.Add(retentionNotice); !s.retentionSince.IsZero() && notice.After(at) {
		return notice
	}
	return at
}

// PurgedBefore is the reverse of PurgeAt: students who were deleted before it may be
// erased now. It is the zero time while a changed retention has no effect yet.
func (s Settings) PurgedBefore(now time.Time) time.Time {
	if !s.retentionSince.IsZero() && !now.After(s.retentionSince.Add(retentionNotice)) {
		return time.Time{}
	}
	return now.Add(-s.Retention())
}

// Reserves reports whether a student who was deleted at an instant can still be restored.
func (s Settings) Reserves(deletedAt, now time.Time) bool {
	return !IsErasing(deletedAt) && !now.After(s.PurgeAt(deletedAt))
}

// ErasingAt replaces the time of deletion of students who are being erased on request.
// Nobody can restore them, no list shows them, and the purge leaves them to the erasure.
func ErasingAt() time.Time { return time.Unix(0, 0).UTC() }

// IsErasing reports whether a student who was deleted at an instant is being erased.
func IsErasing(deletedAt time.Time) bool { return !deletedAt.After(ErasingAt()) }

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

// Of works out the settings of an organization in a district. For a district itself, both
// are the same row.
func Of(org, district *db.Organization, now time.Time) (Settings, error) {
	return zones{}.of(org, district, now)
}

// Read returns the settings of the given organizations, by their keys. One statement reads
// their districts. An administrator of a school does not see the district's row, but does
// see what the district has set for the school.
func Read(ctx context.Context, client *db.Client, now time.Time, orgs ...*db.Organization) (map[int]Settings, error) {
	districts := make(map[int]*db.Organization)
	var missing []int
	for _, o := range orgs {
		if o.DistrictID == o.ID {
			districts[o.ID] = o
		} else {
			missing = append(missing, o.DistrictID)
		}
	}
	slices.Sort(missing)
	if missing = slices.Compact(missing); len(missing) > 0 {
		read, err := client.Organization.Query().Where(organization.IDIn(missing...)).
			All(viewer.AsSystem(ctx, "settings that a school inherits from its district"))
		if err != nil {
			return nil, err
		}
		for _, o := range read {
			districts[o.ID] = o
		}
	}
	zones := zones{}
	all := make(map[int]Settings, len(orgs))
	for _, o := range orgs {
		set, err := zones.of(o, districts[o.DistrictID], now)
		if err != nil {
			return nil, err
		}
		all[o.ID] = set
	}
	return all, nil
}

// Holds is Read for what decides about a hold.
func Holds(ctx context.Context, client *db.Client, now time.Time,
	orgs ...*db.Organization) (map[int]hold.Limits, error) {
	all, err := Read(ctx, client, now, orgs...)
	limits := make(map[int]hold.Limits, len(all))
	for id, s := range all {
		limits[id] = hold.Limits{Deleted: s.HoldDeletedPercent, Changed: s.HoldChangedPercent}
	}
	return limits, err
}

// ByID is Read for keys. It reads the organizations as the server; the caller must have
// been checked for the rows that need them.
func ByID(ctx context.Context, client *db.Client, now time.Time, ids ...int) (map[int]Settings, error) {
	slices.Sort(ids)
	orgs, err := client.Organization.Query().Where(organization.IDIn(slices.Compact(ids)...)).
		All(viewer.AsSystem(ctx, "settings that decide about a row"))
	if err != nil {
		return nil, err
	}
	return Read(ctx, client, now, orgs...)
}

// zones are time zones by name. Each is loaded once in a call.
type zones map[string]*time.Location

func (z zones) load(name string) (*time.Location, error) {
	if zone, ok := z[name]; ok {
		return zone, nil
	}
	zone, err := time.LoadLocation(name) // UTC for an empty name
	if err != nil {
		return nil, err
	}
	z[name] = zone
	return zone, nil
}

func (z zones) of(org, district *db.Organization, now time.Time) (Settings, error) {
	if district == nil {
		return Settings{}, fmt.Errorf("organization %d lies in district %d, which does not exist", org.ID, org.DistrictID)
	}
	// For a district, both are the same row.
	district, err := settled(district, now)
	if err != nil {
		return Settings{}, err
	}
	if org, err = settled(org, now); err != nil {
		return Settings{}, err
	}
	own := []*db.Organization{org, district}
	var s Settings
	var zone string
	pick(org.TimeZone, district.TimeZone, "", &zone, &s.Inherited.TimeZone)
	if s.TimeZone, err = z.load(zone); err != nil {
		return Settings{}, fmt.Errorf("time zone of organization %d: %w", org.ID, err)
	}
	var required int8
	pick(org.PasswordRequired, district.PasswordRequired, 0, &required, &s.Inherited.PasswordRequired)
	s.PasswordRequired = required == 1
	pick(org.UsageGoalMinutes, district.UsageGoalMinutes, DefaultGoalMinutes, &s.GoalMinutesPerWeek,
		&s.Inherited.GoalMinutesPerWeek)
	pick(org.PasswordMinLength, district.PasswordMinLength, DefaultPasswordMinLength, &s.PasswordMinLength,
		&s.Inherited.PasswordMinLength)
	pick(org.HoldDeletedPercent, district.HoldDeletedPercent, DefaultHoldDeletedPercent, &s.HoldDeletedPercent,
		&s.Inherited.HoldDeletedPercent)
	pick(org.HoldChangedPercent, district.HoldChangedPercent, DefaultHoldChangedPercent, &s.HoldChangedPercent,
		&s.Inherited.HoldChangedPercent)
	pick(org.RetentionDays, district.RetentionDays, DefaultRetentionDays, &s.RetentionDays, &s.Inherited.RetentionDays)
	pick(org.JobDays, district.JobDays, DefaultJobDays, &s.JobDays, &s.Inherited.JobDays)
	pick(org.SecondFactorRequired, district.SecondFactorRequired, DefaultSecondFactorNeed, &s.SecondFactorRequired,
		&s.Inherited.SecondFactorRequired)
	s.JobDays = max(s.JobDays, s.RetentionDays)
	for _, o := range own {
		own := o == org || s.Inherited.RetentionDays
		if since := o.RetentionChangedAt; own && since != nil && since.After(s.retentionSince) {
			s.retentionSince = *since
		}
	}
	year, set := yearOf(org)
	s.Inherited.Year = !set
	if !set {
		if year, set = yearOf(district); !set {
			year = calendar.DefaultYear(s.Today(now))
		}
	}
	s.Year = year
	return s, nil
}

// yearOf returns the school year that an organization has set: both days or none.
func yearOf(o *db.Organization) (calendar.Year, bool) {
	if o.SchoolYearStartsOn == nil || o.SchoolYearEndsOn == nil {
		return calendar.Year{}, false
	}
	return calendar.Year{StartsOn: *o.SchoolYearStartsOn, EndsOn: *o.SchoolYearEndsOn}, true
}

// pick sets the effective value, and whether it is inherited.
func pick[T any](own, district *T, otherwise T, value *T, inherited *bool) {
	*inherited = own == nil
	switch {
	case own != nil:
		*value = *own
	case district != nil:
		*value = *district
	default:
		*value = otherwise
	}
}
