package row

import (
	"github.com/openhomeroom/homeroom/ent/db/student"
)

// What a row, or its undo, loses; see BulkJobRow.
const (
	LosesNothing int8 = iota
	// LosesValue is something that is changed.
	LosesValue
	// LosesStudent is a student who goes to another school.
	LosesStudent
	// LosesAll is something that is deleted.
	LosesAll
	// LosesTeacher is a group that an educator leaves.
	LosesTeacher
)

// Loses says what is lost when the plan is carried out. Joining groups loses nothing: at
// the beginning of a year, the notice asks people to put most of a school into groups at
// once. A student who comes back soon after being deleted gets the values of the row, and
// perhaps another school, in place of the old ones, which counts as a change; one who was
// away for longer is new.
func (p *Plan) Loses() int8 {
	_, moves := p.Set[student.FieldOrganizationID]
	switch {
	case p.Do == Delete:
		return LosesAll
	case p.Do != Update && !p.Soon:
		return LosesNothing
	case p.AboutStudent() && moves:
		return LosesStudent
	case p.Soon, len(p.Set) > 0, len(p.Password) > 0, len(p.Leave) > 0:
		return LosesValue
	case len(p.Untaught) > 0:
		return LosesTeacher
	default:
		return LosesNothing
	}
}

// UndoLoses says what is lost when the plan is undone: what it created is hidden or
// removed, groups that were joined are left, and new values are replaced.
func (p *Plan) UndoLoses() int8 {
	_, moves := p.Set[student.FieldOrganizationID]
	switch {
	case p.Do == Create && len(p.Set) == 0:
		// An enrollment: a student leaves the group again, or an educator.
		if len(p.Teach) > 0 {
			return LosesTeacher
		}
		return LosesValue
	case p.Do == Create, p.Do == Revive:
		return LosesAll
	case p.Do != Update:
		return LosesNothing
	case p.AboutStudent() && moves:
		return LosesStudent
	case len(p.Set) > 0, len(p.Password) > 0, p.Added() > 0, p.Role != "":
		return LosesValue
	case len(p.Teach) > 0:
		return LosesTeacher
	default:
		return LosesNothing
	}
}
