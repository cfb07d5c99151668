package setting

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"homeroom/ent/db"
)

// Patience is how long a change that makes a hold or a retention less strict waits,
// where no second administrator consents to it: long enough for somebody to see it
// who has not asked for it.
const Patience = 24 * time.Hour

// Name names a setting whose changes can wait.
type Name string

// The settings that are less strict with a larger number, and those that are with a
// smaller one.
const (
	HoldDeletedPercent Name = "HOLD_DELETED_PERCENT"
	HoldChangedPercent Name = "HOLD_CHANGED_PERCENT"
	RetentionDays      Name = "RETENTION_DAYS"
	JobDays            Name = "JOB_DAYS"
)

// Names are all of them, in the order in which they are shown.
var names = []Name{HoldDeletedPercent, HoldChangedPercent, RetentionDays, JobDays}

// Pending is a change that does not hold yet.
type Pending struct {
	Name Name `json:"name"`
	// Value is nil where the organization is to inherit the setting.
	Value *int `json:"value"`
	// By is the educator who has asked for it.
	By          int       `json:"by"`
	AskedAt     time.Time `json:"askedAt"`
	EffectiveAt time.Time `json:"effectiveAt"`
}

// PendingOf returns what of the settings of an organization waits at an instant.
func PendingOf(o *db.Organization, now time.Time) ([]Pending, error) {
	all, err := storedPending(o)
	return slices.DeleteFunc(all, func(p Pending) bool { return p.due(now) }), err
}

// Pending is PendingOf for this moment.
func (s *Service) Pending(o *db.Organization) ([]Pending, error) { return PendingOf(o, s.now()) }

func (p Pending) due(now time.Time) bool { return !now.Before(p.EffectiveAt) }

func storedPending(o *db.Organization) (all []Pending, err error) {
	if len(o.PendingSettings) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(o.PendingSettings, &all); err != nil {
		return nil, fmt.Errorf("pending settings of organization %d: %w", o.ID, err)
	}
	return all, nil
}

// settled returns an organization as it is at an instant: with the changes whose time
// has come.
func settled(o *db.Organization, now time.Time) (*db.Organization, error) {
	all, err := storedPending(o)
	if err != nil || !slices.ContainsFunc(all, func(p Pending) bool { return p.due(now) }) {
		return o, err
	}
	changed := *o
	for _, p := range all {
		if p.due(now) {
			p.setIn(&changed)
		}
	}
	return &changed, nil
}

// setIn sets the value in an organization that has been read.
func (p Pending) setIn(o *db.Organization) {
	switch p.Name {
	case HoldDeletedPercent:
		o.HoldDeletedPercent = p.Value
	case HoldChangedPercent:
		o.HoldChangedPercent = p.Value
	case RetentionDays:
		at := p.EffectiveAt
		o.RetentionDays, o.RetentionChangedAt = p.Value, &at
	case JobDays:
		o.JobDays = p.Value
	}
}

// field is the setting of a change.
func (ch *Change) field(name Name) *Field[int] {
	return map[Name]*Field[int]{HoldDeletedPercent: &ch.HoldDeletedPercent, HoldChangedPercent: &ch.HoldChangedPercent,
		RetentionDays: &ch.RetentionDays, JobDays: &ch.JobDays}[name]
}

// only returns a change of one setting.
func only(organizationID int, name Name, value *int) Change {
	ch := Change{OrganizationID: organizationID}
	*ch.field(name) = Field[int]{Set: true, Value: value}
	return ch
}

// value is what holds of a setting.
func (s Settings) value(name Name) int {
	return map[Name]int{HoldDeletedPercent: s.HoldDeletedPercent, HoldChangedPercent: s.HoldChangedPercent, RetentionDays: s.RetentionDays, JobDays: s.JobDays}[name]
}

// looser reports whether a setting is less strict than it was.
func looser(name Name, was, is Settings) bool {
	if name == RetentionDays || name == JobDays {
		return is.value(name) < was.value(name)
	}
	return is.value(name) > was.value(name)
}
