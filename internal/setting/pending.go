package setting

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
)

// Patience is how long a change waits that makes a hold, a retention or the need of a
// second factor less strict, unless a second administrator consents. It is long enough for
// somebody else to notice.
const Patience = 24 * time.Hour

// Name names a setting whose changes may have to wait.
type Name string

// Some of these settings are less strict with a larger number, the others with a smaller
// one.
const (
	HoldDeletedPercent Name = "HOLD_DELETED_PERCENT"
	HoldChangedPercent Name = "HOLD_CHANGED_PERCENT"
	RetentionDays      Name = "RETENTION_DAYS"
	JobDays            Name = "JOB_DAYS"
)

// SecondFactorRequired is less strict if it asks fewer people.
const SecondFactorRequired Name = "SECOND_FACTOR_REQUIRED"

// Names are all of them, in the order in which they are shown.
var names = []Name{HoldDeletedPercent, HoldChangedPercent, RetentionDays, JobDays, SecondFactorRequired}

// Value is the requested value of a setting. If both fields are nil, the organization is
// to inherit it.
type Value struct {
	// Number is the value of every setting except one.
	Number *int `json:"value"`
	// Need is the value of SecondFactorRequired.
	Need *SecondFactor `json:"need,omitempty"`
}

func (v Value) equal(w Value) bool { return equal(v.Number, w.Number) && equal(v.Need, w.Need) }

// Text is the value for people.
func (v Value) Text() string {
	switch {
	case v.Number != nil:
		return strconv.Itoa(*v.Number)
	case v.Need != nil:
		return string(*v.Need)
	default:
		return "inherited"
	}
}

// Pending is a change that is not in effect yet.
type Pending struct {
	Name Name `json:"name"`
	Value
	// By is the educator who has requested it.
	By          int       `json:"by"`
	AskedAt     time.Time `json:"askedAt"`
	EffectiveAt time.Time `json:"effectiveAt"`
}

// PendingOf returns the settings of an organization that wait at an instant.
func PendingOf(o *db.Organization, now time.Time) ([]Pending, error) {
	all, err := storedPending(o)
	return slices.DeleteFunc(all, func(p Pending) bool { return p.due(now) }), err
}

// Pending is PendingOf for the present moment.
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

// settled returns an organization as it is at an instant, including the changes that are
// due.
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
		o.HoldDeletedPercent = p.Number
	case HoldChangedPercent:
		o.HoldChangedPercent = p.Number
	case RetentionDays:
		at := p.EffectiveAt
		o.RetentionDays, o.RetentionChangedAt = p.Number, &at
	case JobDays:
		o.JobDays = p.Number
	case SecondFactorRequired:
		o.SecondFactorRequired = p.Need
	}
}

// number is a setting of a change that is a number.
func (ch *Change) number(name Name) *Field[int] {
	return map[Name]*Field[int]{HoldDeletedPercent: &ch.HoldDeletedPercent, HoldChangedPercent: &ch.HoldChangedPercent,
		RetentionDays: &ch.RetentionDays, JobDays: &ch.JobDays}[name]
}

// wants returns the value that a change gives to a setting, and whether it gives one.
func (ch *Change) wants(name Name) (Value, bool) {
	if name == SecondFactorRequired {
		return Value{Need: ch.SecondFactorRequired.Value}, ch.SecondFactorRequired.Set
	}
	f := ch.number(name)
	return Value{Number: f.Value}, f.Set
}

// leave removes a setting from a change.
func (ch *Change) leave(name Name) {
	if name == SecondFactorRequired {
		ch.SecondFactorRequired = Field[SecondFactor]{}
		return
	}
	*ch.number(name) = Field[int]{}
}

// only returns a change of one setting.
func only(organizationID int, name Name, value Value) Change {
	ch := Change{OrganizationID: organizationID}
	if name == SecondFactorRequired {
		ch.SecondFactorRequired = Field[SecondFactor]{Set: true, Value: value.Need}
	} else {
		*ch.number(name) = Field[int]{Set: true, Value: value.Number}
	}
	return ch
}

// value is the effective value of a numeric setting.
func (s Settings) value(name Name) int {
	return map[Name]int{
		HoldDeletedPercent: s.HoldDeletedPercent,
		HoldChangedPercent: s.HoldChangedPercent,
		RetentionDays:      s.RetentionDays,
		JobDays:            s.JobDays,
	}[name]
}

// looser reports whether a setting is less strict than before.
func looser(name Name, was, is Settings) bool {
	switch name {
	case SecondFactorRequired:
		return laxer(is.SecondFactorRequired, was.SecondFactorRequired)
	case RetentionDays, JobDays:
		return is.value(name) < was.value(name)
	default:
		return is.value(name) > was.value(name)
	}
}
