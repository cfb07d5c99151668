package row

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/grade"
)

// Before is what a row replaced when it was carried out: all that an undo needs.
// It is written in the transaction of the effect.
type Before struct {
	// Already is true if somebody had already done the same, so that the row changed
	// nothing.
	Already bool `json:"already,omitempty"`
	// Set holds the previous values of columns, nil for NULL.
	Set map[string]any `json:"set,omitempty"`
	// AsPlanned says that Joined and Left are exactly those of the plan.
	AsPlanned bool `json:"asPlanned,omitempty"`
	// Joined and Left are the groups that the student really joined and left. They differ
	// from the plan if somebody was faster.
	Joined []int `json:"joined,omitempty"`
	Left   []int `json:"left,omitempty"`
	// Taught and Untaught are the same for educators of a group.
	Taught   []int `json:"taught,omitempty"`
	Untaught []int `json:"untaught,omitempty"`
	// GaveRole is true if a role was given.
	GaveRole bool `json:"gaveRole,omitempty"`
	// GaveRoleAt is when it was given: a role of another moment is one that somebody has
	// given again. It is nil if that was not noted.
	GaveRoleAt *time.Time `json:"gaveRoleAt,omitempty"`
	// Password is the hashPrint of the password that was set.
	Password string `json:"password,omitempty"`
}

// ReadBefore reads what a row with a plan replaced. A new student replaced nothing. If
// nothing was recorded, the plan was carried out exactly.
func ReadBefore(text []byte, p *Plan) (*Before, error) {
	switch {
	case len(text) > 0:
	case p.CreatesStudent():
		return &Before{Joined: p.Join, Left: p.Leave}, nil
	default:
		return nil, nil
	}
	b := new(Before)
	err := json.Unmarshal(text, b)
	wholeNumbers(b.Set)
	if b.AsPlanned {
		b.Joined, b.Left = p.Join, p.Leave
	}
	return b, err
}

// wholeNumbers turns numbers that JSON has read as fractions into whole numbers; there are
// no fractions. The number of a grade may be one of an earlier version.
func wholeNumbers(set map[string]any) {
	for column, value := range set {
		if n, ok := value.(float64); ok {
			set[column] = int(n)
		}
	}
	if n, ok := set[student.FieldGrade].(int); ok {
		set[student.FieldGrade] = int(grade.Stored(n))
	}
}

// Image encodes what a row replaced. It is nil for a new student without a password
// who is in all groups of the plan: a row that does not grow is written several times as fast.
func (r *Planned) Image() ([]byte, error) {
	r.Before.Already = r.Already
	switch asPlanned := slices.Equal(r.Joined, r.Plan.Join) && slices.Equal(r.Left, r.Plan.Leave); {
	case asPlanned && r.Plan.CreatesStudent() && r.Hash == "":
		return nil, nil
	case asPlanned:
		r.Before.AsPlanned = len(r.Joined)+len(r.Left) > 0
	default:
		r.Before.Joined, r.Before.Left = r.Joined, r.Left
	}
	return json.Marshal(r.Before)
}

// Keep notes values of columns of a row of another table.
func (r *Planned) Keep(set map[string]any, now map[string]any) {
	r.Before.Set = map[string]any{}
	for column := range set {
		value, known := now[column]
		if !known {
			panic("job: a plan changes the column " + column + ", which an undo does not know")
		}
		r.Before.Set[column] = value
	}
}
