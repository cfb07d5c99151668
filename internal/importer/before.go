package importer

import (
	"encoding/json"
	"slices"
	"time"
)

// before is what a row replaced when it was carried out: all that an undo needs.
// It is written in the transaction of the effect.
type before struct {
	// Already is set where somebody had done the same before, so that the row
	// changed nothing.
	Already bool `json:"already,omitempty"`
	// Set holds the previous values of columns, nil for NULL.
	Set map[string]any `json:"set,omitempty"`
	// DeletedAt is when a student had been deleted who came back.
	DeletedAt *time.Time `json:"deletedAt,omitempty"`
	// AsPlanned stands for Joined and Left where they are just those of the plan.
	AsPlanned bool `json:"asPlanned,omitempty"`
	// Joined and Left are the groups that the student really joined and left, which
	// are not all that were planned where somebody was faster.
	Joined []int `json:"joined,omitempty"`
	Left   []int `json:"left,omitempty"`
	// Taught and Untaught are the same for educators of a group.
	Taught   []int `json:"taught,omitempty"`
	Untaught []int `json:"untaught,omitempty"`
	// GaveRole is set where a role was given.
	GaveRole bool `json:"gaveRole,omitempty"`
	// Password is the hashPrint of the password that was set.
	Password string `json:"password,omitempty"`
}

// readBefore reads what a row with a plan replaced. A new student replaced nothing;
// where nothing is written down the plan was carried out to the letter.
func readBefore(text []byte, p *plan) (*before, error) {
	switch {
	case len(text) > 0:
	case p.createsStudent():
		return &before{Joined: p.Join, Left: p.Leave}, nil
	default:
		return nil, nil
	}
	b := new(before)
	err := json.Unmarshal(text, b)
	wholeNumbers(b.Set)
	if b.AsPlanned {
		b.Joined, b.Left = p.Join, p.Leave
	}
	return b, err
}

// wholeNumbers makes numbers of what JSON takes for fractions; there are none.
func wholeNumbers(set map[string]any) {
	for column, value := range set {
		if n, ok := value.(float64); ok {
			set[column] = int(n)
		}
	}
}

// image encodes what a row replaced. It is nil for a new student without a password
// who is in all groups of the plan: a row that does not grow is written several times as fast.
func (r *plannedRow) image() ([]byte, error) {
	r.before.Already = r.already
	switch asPlanned := slices.Equal(r.joined, r.plan.Join) && slices.Equal(r.left, r.plan.Leave); {
	case asPlanned && r.plan.createsStudent() && r.hash == "":
		return nil, nil
	case asPlanned:
		r.before.AsPlanned = len(r.joined)+len(r.left) > 0
	default:
		r.before.Joined, r.before.Left = r.joined, r.left
	}
	return json.Marshal(r.before)
}

// keep notes values of columns of a row of another table.
func (r *plannedRow) keep(set map[string]any, now map[string]any) {
	r.before.Set = map[string]any{}
	for column := range set {
		value, known := now[column]
		if !known {
			panic("importer: a plan changes the column " + column + ", which an undo does not know")
		}
		r.before.Set[column] = value
	}
}
