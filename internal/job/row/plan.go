// Package row defines the types that the engine of jobs and the kinds of rows share: what
// a row will do, what is wrong with it, what it replaced, and the batches in which rows
// are written and undone.
package row

import (
	"encoding/json"
	"slices"
)

// Change is one field that changes. Before is nil for something that is created, After for
// something that is emptied. A password is shown as "set".
type Change struct {
	Field  string  `json:"f"`
	Before *string `json:"b,omitempty"`
	After  *string `json:"a,omitempty"`
}

// The states of a row that has a plan.
const (
	StatePlanned int8 = iota
	StateApplied
	StateRefused
	StateUndone
	// StateKept is a row that an undo has left as it is.
	StateKept
)

// What a plan does.
const (
	Create = "create"
	Update = "update"
	// Revive brings a deleted student back.
	Revive = "revive"
	// Delete hides a student.
	Delete = "delete"
)

// Plan is what one row of a file will do: the changes that the preview shows,
// and what it takes to carry them out.
type Plan struct {
	// N counts the rows of the file that are not blank, from 1.
	N       int      `json:"n"`
	Do      string   `json:"do"`
	Changes []Change `json:"changes"`

	// Set holds the new values of columns of the table, nil for NULL.
	Set map[string]any `json:"set,omitempty"`
	// Was holds the values at the time of the plan, for kinds without versions.
	Was map[string]string `json:"was,omitempty"`
	// SchoolID is the school where something is created, where a role is held, or to which
	// a student moves.
	SchoolID int `json:"school,omitempty"`
	// FromID is the school that a student leaves.
	FromID int `json:"from,omitempty"`
	// Password is the new password, encrypted, until the row has been applied.
	Password []byte `json:"password,omitempty"`
	// Hashed is true if Password holds the hash of the password.
	Hashed bool `json:"hashed,omitempty"`
	// Join and Leave are groups of a student. Keep are the unchanged groups that the
	// preview also lists, on both sides.
	Join  []int `json:"join,omitempty"`
	Leave []int `json:"leave,omitempty"`
	Keep  []int `json:"keep,omitempty"`
	// New are groups that do not exist yet, and that the student joins as well; see
	// internal/job/newgroup.
	New []NewGroup `json:"new,omitempty"`
	// Teach are educators who join a group, and Untaught those who leave it.
	Teach    []int `json:"teach,omitempty"`
	Untaught []int `json:"untaught,omitempty"`
	// Role is given to an educator at SchoolID.
	Role string `json:"role,omitempty"`
	// By are the people who have corrected the row.
	By []int `json:"by,omitempty"`
	// ByID is true if only the External ID says which account the row means.
	ByID bool `json:"byId,omitempty"`
	// Soon is true if the row brings back a student who was there within the window of a
	// hold.
	Soon bool `json:"soon,omitempty"`
	// Until and Since are the last and the first row of the file with which this one is
	// written, and put back, at once.
	Until int `json:"until,omitempty"`
	Since int `json:"since,omitempty"`
	// Student is 1 if the row's target is a student.
	Student int `json:"student,omitempty"`
}

// NewGroup is a group that a job creates because rows name it. N numbers those of a job,
// from 1.
type NewGroup struct {
	N        int    `json:"n"`
	SchoolID int    `json:"school"`
	Name     string `json:"name"`
}

// AboutStudent reports whether the target of the row is a student.
func (p *Plan) AboutStudent() bool { return p.Student == 1 }

// CreatesStudent reports whether the row creates a student.
func (p *Plan) CreatesStudent() bool { return p.Student == 1 && p.Do == Create }

// SetColumn notes a new value of a column.
func (p *Plan) SetColumn(column string, value any) {
	if p.Set == nil {
		p.Set = map[string]any{}
	}
	p.Set[column] = value
}

// Text returns the new value of a text column; it is empty if the column stays as it
// is.
func (p *Plan) Text(column string) string {
	text, _ := p.Set[column].(string)
	return text
}

// ExpectColumn notes what stood in a column.
func (p *Plan) ExpectColumn(column, value string) {
	if p.Was == nil {
		p.Was = map[string]string{}
	}
	p.Was[column] = value
}

// Show notes a field for the preview; an empty text is nothing.
func (p *Plan) Show(field, before, after string) {
	c := Change{Field: field}
	if before != "" {
		c.Before = &before
	}
	if after != "" {
		c.After = &after
	}
	p.Changes = append(p.Changes, c)
}

// Groups are all that the preview lists.
func (p *Plan) Groups() []int { return slices.Concat(p.Join, p.Leave, p.Keep) }

// Encode returns the plan as it is stored; ReadPlan reads it back.
func (p *Plan) Encode() ([]byte, error) { return json.Marshal(p) }

// ReadPlan reads a plan that Encode has written.
func ReadPlan(text []byte) (*Plan, error) {
	p := new(Plan)
	err := json.Unmarshal(text, p)
	wholeNumbers(p.Set)
	return p, err
}

// Added and removed are the enrollments that come and go with the row.
func (p *Plan) Added() int { return len(p.Join) + len(p.New) }

// Removed is how many enrollments go with the row.
func (p *Plan) Removed() int { return len(p.Leave) }
