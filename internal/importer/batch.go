package importer

import (
	"fmt"
	"maps"
	"slices"

	"homeroom/ent/db"
	"homeroom/internal/viewer"
)

// batch is some rows that are written in one transaction.
type batch struct {
	job *db.BulkJob
	// v is everybody who has a hand in the job, with the roles of this moment; nil
	// where nothing may be done for one of them any more, and then why says so.
	v    *viewer.Viewer
	why  *problem
	rows []*plannedRow
	// careful has the batch look whether ids have been taken before it writes them.
	// Without it the unique indexes are trusted to tell, as they hardly ever do.
	careful bool
}

// plannedRow is a row on its way into the roster.
type plannedRow struct {
	// ID is the key of the stored plan, Row the number of the row in the file.
	ID, Row int
	// TargetID is what the row is about, 0 for what is to be created, TargetVersion its
	// version when the plan was made.
	TargetID, TargetVersion int
	// Label is what the preview calls the target.
	Label string
	// Outside is set where the row names something outside of the school of the job.
	Outside bool
	// text is the plan as it is stored.
	text []byte
	plan *plan
	hash string // Of the new password.

	// What has become of the row. A transaction that is tried again begins with
	// none of it.
	refusal      *problem
	createdID    int
	joined, left []int // Groups.
	before       before
	version      int // Of the target, afterwards.
	// already is set where somebody else has done just this in between.
	already bool
}

func (b *batch) reset() {
	for _, r := range b.rows {
		r.refusal, r.createdID, r.joined, r.left, r.before, r.version, r.already = nil, 0, nil, nil, before{}, 0, false
		if b.v == nil {
			p := *b.why
			r.refuse(&p)
		}
	}
}

// open are the rows that nothing has been found against yet.
func (b *batch) open() []*plannedRow {
	return slices.DeleteFunc(slices.Clone(b.rows), func(r *plannedRow) bool { return r.refusal != nil })
}

func (r *plannedRow) refuse(p *problem) {
	p.Row, p.outside = r.Row, r.Outside
	r.refusal = p
}

func (r *plannedRow) stale(format string, args ...any) {
	r.refuse(&problem{Code: Stale, Message: fmt.Sprintf(format, args...),
		Hint: "Upload the row again to see what it would change now."})
}

// gone refuses a row about something that is not there, or not for one of those who
// have a hand in the job: nobody is told which of the two.
func (r *plannedRow) gone(what string) {
	r.stale("%s is no longer there, or no longer in the purview of everybody who has a hand in the upload.", what)
}

func (b *batch) last() *plannedRow { return b.rows[len(b.rows)-1] }

func (b *batch) refusals() []*problem {
	var refused []*problem
	for _, r := range b.rows {
		if r.refusal != nil {
			refused = append(refused, r.refusal)
		}
	}
	return refused
}

// grouped collects the ids that rows name, sorted and each once.
func grouped(rows []*plannedRow, ids func(*plannedRow) []int) []int {
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

// isOf reports whether the preview of a row says that it is about what goes by a name
// now. Of a line of enrollments that is all that tells whom it puts where.
func (r *plannedRow) isOf(name string) bool { return r.Label == shorten(name, maxLabel) }
