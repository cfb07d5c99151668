package importer

import "homeroom/ent/db/student"

// What a row, or its undo, loses; see BulkJobRow.
const (
	losesNothing int8 = iota
	// losesValue is something that is changed.
	losesValue
	// losesStudent is a student who goes to another school.
	losesStudent
	// losesAll is something that is deleted.
	losesAll
	// losesTeacher is a group that an educator leaves.
	losesTeacher
)

// loses says what is lost when the plan is carried out. Joining groups and being
// brought back lose nothing: to put most of a school into groups at once is what the
// notice asks for at the beginning of a year.
func (p *plan) loses() int8 {
	_, moves := p.Set[student.FieldOrganizationID]
	switch {
	case p.Do == doDelete:
		return losesAll
	case p.Do != doUpdate:
		return losesNothing
	case p.aboutStudent() && moves:
		return losesStudent
	case len(p.Set) > 0, len(p.Password) > 0, len(p.Leave) > 0:
		return losesValue
	case len(p.Untaught) > 0:
		return losesTeacher
	default:
		return losesNothing
	}
}

// undoLoses says what is lost when the plan is undone: what it created is hidden or
// removed, groups that were joined are left, and values that were set are replaced.
func (p *plan) undoLoses() int8 {
	_, moves := p.Set[student.FieldOrganizationID]
	switch {
	case p.Do == doCreate && len(p.Set) == 0:
		// An enrollment: a student leaves the group again, or an educator.
		if len(p.Teach) > 0 {
			return losesTeacher
		}
		return losesValue
	case p.Do == doCreate, p.Do == doRevive:
		return losesAll
	case p.Do != doUpdate:
		return losesNothing
	case p.aboutStudent() && moves:
		return losesStudent
	case len(p.Set) > 0, len(p.Password) > 0, len(p.Join) > 0, p.Role != "":
		return losesValue
	case len(p.Teach) > 0:
		return losesTeacher
	default:
		return losesNothing
	}
}
