package row

import (
	"fmt"
	"maps"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Batch is some rows that are written in one transaction.
type Batch struct {
	Job *db.BulkJob
	// Viewer is everybody with a hand in the job, with their present roles; nil if the job
	// can no longer act for one of them, and then why says so.
	Viewer *viewer.Viewer
	Why    *Problem
	Rows   []*Planned
	// Careful makes the batch check whether IDs have been taken before it writes them.
	// Without it, the unique indexes report that, because it hardly ever happens.
	Careful bool
}

// Planned is a row on its way into the roster.
type Planned struct {
	// ID is the key of the stored plan, Row the number of the row in the file.
	ID, Row int
	// TargetID is the key of the target, or 0 if the row creates it; TargetVersion is its
	// version when the plan was made.
	TargetID, TargetVersion int
	// Label is what the preview calls the target.
	Label string
	// Outside is true if the row names something outside the school of the job.
	Outside bool
	// Text is the plan as it is stored.
	Text []byte
	Plan *Plan
	Hash string // Of the new password.
	// HashedAhead is true if it was hashed before the job's turn to write.
	HashedAhead bool

	// The result of the row. A transaction that is tried again begins without it.
	Refusal      *Problem
	CreatedID    int
	NewIDs       []int // The keys of the plan's new groups, 0 for those that the row has to create.
	Joined, Left []int // Groups.
	Before       Before
	Version      int // Of the target, afterwards.
	// Already is true if somebody else has done the same in the meantime.
	Already bool
}

// ReadPlanned returns a row as it was planned.
func ReadPlanned(stored *db.BulkJobRow) (*Planned, error) {
	p, err := ReadPlan(stored.Plan)
	if err != nil {
		return nil, fmt.Errorf("plan of row %d: %w", stored.Row, err)
	}
	return &Planned{
		ID:            stored.ID,
		Row:           stored.Row,
		TargetID:      stored.TargetID,
		TargetVersion: stored.TargetVersion,
		Label:         stored.Label,
		Outside:       stored.Outside == 1,
		Text:          stored.Plan,
		Plan:          p,
	}, nil
}

// Reset removes the results of the rows, because a transaction that is tried again begins
// without them.
func (b *Batch) Reset() {
	for _, r := range b.Rows {
		r.Refusal, r.CreatedID, r.Joined, r.Left, r.Before, r.Version, r.Already = nil, 0, nil, nil, Before{}, 0, false
		r.NewIDs = nil
		if b.Viewer == nil {
			p := *b.Why
			r.Refuse(&p)
		}
	}
}

// Joins are the groups that the student joins, with new ones.
func (r *Planned) Joins() []int { return slices.Concat(r.Plan.Join, r.NewIDs) }

// Open are the rows that nothing has been found against yet.
func (b *Batch) Open() []*Planned {
	return slices.DeleteFunc(slices.Clone(b.Rows), func(r *Planned) bool { return r.Refusal != nil })
}

// Refuse leaves the row out, with the reason.
func (r *Planned) Refuse(p *Problem) {
	p.Row, p.Outside = r.Row, r.Outside
	r.Refusal = p
}

// Stale refuses the row because its target is not as it was when it was checked.
func (r *Planned) Stale(format string, args ...any) {
	r.Refuse(&Problem{Code: Stale, Message: fmt.Sprintf(format, args...),
		Hint: "Upload the row again to see what it would change now."})
}

// Gone refuses a row about something that no longer exists, or that one of the people
// with a hand in the job may not see. The message does not say which of the two.
func (r *Planned) Gone(what string) {
	r.Stale("%s no longer exists, or somebody who took part in the upload may no longer see it.", what)
}

// Last returns the last row of the batch.
func (b *Batch) Last() *Planned { return b.Rows[len(b.Rows)-1] }

// Refusals are the reasons of the rows that have been refused.
func (b *Batch) Refusals() []*Problem {
	var refused []*Problem
	for _, r := range b.Rows {
		if r.Refusal != nil {
			refused = append(refused, r.Refusal)
		}
	}
	return refused
}

// IDs collects the ids that rows name, sorted and each once.
func IDs(rows []*Planned, ids func(*Planned) []int) []int {
	set := map[int]bool{}
	for _, r := range rows {
		for _, id := range ids(r) {
			if id != 0 {
				set[id] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// IsOf reports whether the preview of a row shows its target's current name. In the
// preview of a line of enrollments, only this name says who joins or leaves.
func (r *Planned) IsOf(name string) bool { return r.Label == Shorten(name, MaxLabel) }
