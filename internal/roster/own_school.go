package roster

import (
	"context"
	"maps"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// A student can only be in groups of the student's own school. Code that writes
// enrollments or moves a student holds the locks of the students and then those of the
// groups, so neither can change schools between the check and the statement.

// OtherSchool is the code for a student and a group of different schools.
const OtherSchool = "OTHER_SCHOOL"

// refuseOtherSchool refuses students who are at another school than one of the groups. The
// message names what the viewer has named, and not the school of either: a teacher may not
// be allowed to see it.
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

// Leaving returns the enrollments that end when students move to schools: those in groups
// of other schools. schools maps students to their new schools. The students are locked
// already; the groups are locked here, and are returned by their keys.
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

// leaving is Leaving for one student whom the viewer moves. It refuses the move if the
// student would leave a synced group, because only the school's information system may
// end that enrollment.
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
