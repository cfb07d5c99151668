package roster

import (
	"context"
	"fmt"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/fault"
)

// Assigned is what AssignStudents or RemoveStudents did.
type Assigned struct {
	// Changed counts the enrollments that were added, or removed. Already counts those for
	// which there was nothing to do.
	Changed, Already int

	Students []*db.Student
	Groups   []*db.Group
}

// AssignStudents enrolls students in groups; the viewer must see both. If a student or a
// group does not exist for the viewer, a group is synced, or a student is at another school
// than a group, it returns Refusals and changes nothing.
func (s *Service) AssignStudents(ctx context.Context, studentIDs, groupIDs []int) (Assigned, error) {
	return s.changeEnrollments(ctx, studentIDs, groupIDs, audit.StudentsAssigned, Enroll)
}

// RemoveStudents takes students out of groups; see AssignStudents.
func (s *Service) RemoveStudents(ctx context.Context, studentIDs, groupIDs []int) (Assigned, error) {
	return s.changeEnrollments(ctx, studentIDs, groupIDs, audit.StudentsRemoved, Unenroll)
}

func (s *Service) changeEnrollments(ctx context.Context, studentIDs, groupIDs []int, action audit.Action,
	change func(context.Context, *db.Client, []Pair) ([]Pair, error)) (result Assigned, err error) {
	if err := checkSelection(studentIDs, groupIDs); err != nil {
		return Assigned{}, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		students, groups, err := s.lockBoth(ctx, client, studentIDs, groupIDs)
		if err != nil {
			return err
		}
		if action == audit.StudentsAssigned {
			if refusals := Refusals(refuseOtherSchool(students, groups, studentIDs)); len(refusals) > 0 {
				return refusals
			}
		}
		var pairs []Pair
		for _, st := range students {
			for _, g := range groups {
				pairs = append(pairs, Pair{st.ID, g.ID})
			}
		}
		changed, err := change(ctx, client, pairs)
		if err != nil {
			return err
		}
		recordEnrollments(ctx, action, students, groups, changed)
		if action == audit.StudentsRemoved {
			if err := s.hold(ctx, client, Lost(among(students, changed), loss.VerbCHANGED)...); err != nil {
				return err
			}
		}
		result = Assigned{Changed: len(changed), Already: len(pairs) - len(changed)}
		result.Students, result.Groups, err = s.reread(ctx, client, students, groups)
		return err
	})
	return result, err
}

func checkSelection(studentIDs, groupIDs []int) error {
	switch {
	case len(studentIDs) == 0:
		return fault.Invalidf("choose at least one student").WithCode("REQUIRED").At("studentIds")
	case len(groupIDs) == 0:
		return fault.Invalidf("choose at least one class or group").WithCode("REQUIRED").At("groupIds")
	case len(studentIDs) > MaxSelection:
		return fault.Invalidf("choose at most %d students at once; you chose %d", MaxSelection, len(studentIDs)).
			WithCode("TOO_MANY").At("studentIds")
	case len(groupIDs) > MaxGroupsAtOne:
		return fault.Invalidf("choose at most %d classes or groups at once; you chose %d", MaxGroupsAtOne, len(groupIDs)).
			WithCode("TOO_MANY").At("groupIds")
	default:
		return nil
	}
}

// lockBoth locks students and then groups, all in the viewer's purview. It refuses those
// that the viewer does not see, and synced groups.
func (s *Service) lockBoth(ctx context.Context, client *db.Client, studentIDs, groupIDs []int) ([]*db.Student,
	[]*db.Group, error) {
	var refusals Refusals
	students, err := LockStudents(ctx, client, s.locks(), studentIDs)
	if err != nil {
		return nil, nil, err
	}
	refusals = append(refusals,
		missing(studentIDs, students, func(s *db.Student) int { return s.ID }, ErrNoStudent, "studentIds")...)
	groups, err := s.lockGroups(ctx, client, groupIDs, &refusals)
	if err != nil {
		return nil, nil, err
	}
	return students, groups, refusals.orNil()
}

func (s *Service) lockGroups(ctx context.Context, client *db.Client, ids []int,
	refusals *Refusals) ([]*db.Group, error) {
	groups, err := LockGroups(ctx, client, s.locks(), ids)
	if err != nil {
		return nil, err
	}
	*refusals = append(*refusals, missing(ids, groups, func(g *db.Group) int { return g.ID }, ErrNoGroup, "groupIds")...)
	for _, g := range groups {
		if g.Synced == 1 {
			*refusals = append(*refusals, syncedGroup(g).At("groupIds", slices.Index(ids, g.ID)))
		}
	}
	return groups, nil
}

func syncedGroup(g *db.Group) *fault.Error {
	return fault.Invalidf("the school's information system keeps %s; add and remove its students there", g.Name).
		WithCode("SYNCED_GROUP")
}

func syncedStudent(st *db.Student) *fault.Error {
	return fault.Invalidf("the school's information system keeps %s %s; make the change there", st.FirstName,
		st.LastName).WithCode("SYNCED_STUDENT")
}

// missing returns a refusal for each id that was asked for and not found.
func missing[T any](ids []int, found []T, id func(T) int, err *fault.Error, field string) []*fault.Error {
	there := make(map[int]bool, len(found))
	for _, f := range found {
		there[id(f)] = true
	}
	var refusals []*fault.Error
	for i, wanted := range ids {
		if !there[wanted] {
			refusals = append(refusals, err.At(field, i))
		}
	}
	return refusals
}

// reread returns the rows as they are after the change.
func (s *Service) reread(ctx context.Context, client *db.Client, students []*db.Student,
	groups []*db.Group) ([]*db.Student, []*db.Group, error) {
	ids := func(n int, id func(int) int) []int {
		list := make([]int, n)
		for i := range list {
			list[i] = id(i)
		}
		return list
	}
	st, err := LockStudents(ctx, client, false, ids(len(students), func(i int) int { return students[i].ID }))
	if err != nil {
		return nil, nil, fmt.Errorf("read the students again: %w", err)
	}
	gr, err := LockGroups(ctx, client, false, ids(len(groups), func(i int) int { return groups[i].ID }))
	if err != nil {
		return nil, nil, fmt.Errorf("read the groups again: %w", err)
	}
	return st, gr, nil
}

// locks reports whether reads take row locks. SQLite needs none: a writing transaction has
// the database to itself from its start.
func (s *Service) locks() bool { return s.db.RowLocks() }
