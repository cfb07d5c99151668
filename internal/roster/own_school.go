package roster

import (
	"context"
	"maps"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// A student is in groups of the own school only. Whoever writes enrollments or moves a
// student holds the locks of the students and then those of the groups, so that neither
// changes its school between the check and the statement.

// OtherSchool is the code of a student and a group that are of different schools.
const OtherSchool = "OTHER_SCHOOL"

// refuseOtherSchool refuses the students who are at another school than one of the groups.
// The message names what the viewer has named, and not the school of either: a teacher need
// not see it.
func refuseOtherSchool(students []*db.Student, groups []*db.Group, studentIDs []int) (refusals []*fault.Error) {
	for _, st := range students {
		i := slices.IndexFunc(groups, func(g *db.Group) bool { return g.OrganizationID != st.OrganizationID })
		if i >= 0 {
			refusals = append(refusals, studentElsewhere(st, groups[i].Name).At("studentIds", slices.Index(studentIDs, st.ID)))
		}
	}
	return refusals
}

func studentElsewhere(st *db.Student, group string) *fault.Error {
	return fault.Invalidf("%s %s is at another school than %s; move the student there first, or choose a class or group "+
		"of the student's school", st.FirstName, st.LastName, group).WithCode(OtherSchool)
}

// Leaving returns the enrollments that end when students go to schools: those in groups of
// other schools. schools holds the school of each student, by their keys. The students are
// locked already; the groups are locked here, and are returned by their keys.
func Leaving(ctx context.Context, client *db.Client, lock bool, schools map[int]int) (left []Pair,
	groups map[int]*db.Group, err error) {
	pairs, err := Enrolled(ctx, client, slices.Sorted(maps.Keys(schools)))
	if err != nil || len(pairs) == 0 {
		return nil, nil, err
	}
	ids := map[int]bool{}
	for _, p := range pairs {
		ids[p.GroupID] = true
	}
	groups = map[int]*db.Group{}
	for chunk := range slices.Chunk(slices.Sorted(maps.Keys(ids)), statementRows) {
		locked, err := LockGroups(viewer.AsSystem(ctx, "groups of students who move"), client, lock, chunk)
		if err != nil {
			return nil, nil, err
		}
		for _, g := range locked {
			groups[g.ID] = g
		}
	}
	for _, p := range pairs {
		if g := groups[p.GroupID]; g != nil && g.OrganizationID != schools[p.StudentID] {
			left = append(left, p)
		}
	}
	return left, groups, nil
}

// leaving is Leaving for one student whom the viewer moves. A synced group is left in the
// school's information system, and so is not left by a move.
func (s *Service) leaving(ctx context.Context, client *db.Client, st *db.Student, school int) ([]Pair, error) {
	left, groups, err := Leaving(ctx, client, s.locks(), map[int]int{st.ID: school})
	if err != nil {
		return nil, err
	}
	var refusals Refusals
	for _, p := range left {
		if g := groups[p.GroupID]; g.Synced == 1 {
			refusals = append(refusals, syncedGroup(g).At("organizationId"))
		}
	}
	return left, refusals.orNil()
}
