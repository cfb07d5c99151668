package usage

import (
	"context"
	"fmt"
	"time"

	"homeroom/ent/db"
	"homeroom/ent/db/organization"
	"homeroom/internal/calendar"
	"homeroom/internal/viewer"
)

// DefaultGoalMinutes is the usage goal, in minutes a week for each student, where
// no organization has set one.
const DefaultGoalMinutes = 100

// Settings are what holds for an organization: what it has set itself, else what
// its district has set, else the default.
type Settings struct {
	// Year is the school year, taken as it was set: it neither rolls over when its
	// last day has passed nor waits for its first. The default year begins on
	// 1 August and does roll over.
	Year calendar.Year
	// YearInherited is true where the organization takes its district's dates or
	// the default ones.
	YearInherited bool
	// GoalMinutesPerWeek is the usage goal for each student.
	GoalMinutesPerWeek int
	// TimeZone says which calendar day an instant belongs to; UTC by default.
	TimeZone *time.Location
}

// Today is the calendar day in the organization's time zone.
func (s Settings) Today(now time.Time) calendar.Day { return calendar.DayOf(now, s.TimeZone) }

// Settings returns the settings of an organization that the caller sees.
func (s *Service) Settings(ctx context.Context, organizationID int) (Settings, error) {
	org, err := s.organization(ctx, organizationID)
	if err != nil {
		return Settings{}, err
	}
	return s.settingsOfOne(ctx, org)
}

// SettingsOf returns the settings of many organizations in two statements. Those
// that the caller does not see are missing from the result.
func (s *Service) SettingsOf(ctx context.Context, organizationIDs []int) (map[int]Settings, error) {
	if len(organizationIDs) == 0 {
		return map[int]Settings{}, nil
	}
	orgs, err := s.db.Client(ctx).Organization.Query().Where(organization.IDIn(sortedIDs(organizationIDs)...)).All(ctx)
	if err != nil {
		return nil, err
	}
	return s.settings(ctx, orgs)
}

func (s *Service) settingsOfOne(ctx context.Context, org *db.Organization) (Settings, error) {
	all, err := s.settings(ctx, []*db.Organization{org})
	return all[org.ID], err
}

// settings returns the settings of organizations that have been read, with one
// statement for their districts. The administrator of a school does not see the
// district, but sees what it has set for the school.
func (s *Service) settings(ctx context.Context, orgs []*db.Organization) (map[int]Settings, error) {
	districts := make(map[int]*db.Organization)
	var missing []int
	for _, o := range orgs {
		if o.DistrictID == o.ID {
			districts[o.ID] = o
		} else {
			missing = append(missing, o.DistrictID)
		}
	}
	if len(missing) > 0 {
		read, err := s.db.Client(ctx).Organization.Query().Where(organization.IDIn(sortedIDs(missing)...)).
			All(viewer.AsSystem(ctx, "settings that a school inherits from its district"))
		if err != nil {
			return nil, err
		}
		for _, o := range read {
			districts[o.ID] = o
		}
	}
	now := s.now()
	zones := zones{"": time.UTC}
	all := make(map[int]Settings, len(orgs))
	for _, o := range orgs {
		set, err := effective(o, districts[o.DistrictID], now, zones)
		if err != nil {
			return nil, err
		}
		all[o.ID] = set
	}
	return all, nil
}

// effective works out the settings of an organization in a district, which are
// the same row for a district itself.
func effective(org, district *db.Organization, now time.Time, zones zones) (Settings, error) {
	if district == nil {
		return Settings{}, fmt.Errorf("organization %d lies in district %d, which does not exist", org.ID, org.DistrictID)
	}
	zone, err := zones.load(inherited(org.TimeZone, district.TimeZone, ""))
	if err != nil {
		return Settings{}, fmt.Errorf("time zone of organization %d: %w", org.ID, err)
	}
	set := Settings{
		GoalMinutesPerWeek: inherited(org.UsageGoalMinutes, district.UsageGoalMinutes, DefaultGoalMinutes),
		TimeZone:           zone,
	}
	if year, ok := yearOf(org); ok {
		set.Year = year
		return set, nil
	}
	set.YearInherited = true
	if year, ok := yearOf(district); ok {
		set.Year = year
	} else {
		set.Year = calendar.DefaultYear(set.Today(now))
	}
	return set, nil
}

// yearOf returns the school year that an organization has set: both days or none.
func yearOf(o *db.Organization) (calendar.Year, bool) {
	if o.SchoolYearStartsOn == nil || o.SchoolYearEndsOn == nil {
		return calendar.Year{}, false
	}
	return calendar.Year{StartsOn: *o.SchoolYearStartsOn, EndsOn: *o.SchoolYearEndsOn}, true
}

func inherited[T any](own, district *T, otherwise T) T {
	switch {
	case own != nil:
		return *own
	case district != nil:
		return *district
	default:
		return otherwise
	}
}

// zones are time zones by name, each loaded once for a call.
type zones map[string]*time.Location

func (z zones) load(name string) (*time.Location, error) {
	if zone, ok := z[name]; ok {
		return zone, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, err
	}
	z[name] = zone
	return zone, nil
}
