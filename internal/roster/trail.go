package roster

import (
	"context"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/globalid"
)

// studentChanges returns the fields of a student that differ, for the audit trail.
func studentChanges(before, after *db.Student) (c audit.Changes) {
	c.Text("organization", audit.IDs(globalid.Organization, before.OrganizationID),
		audit.IDs(globalid.Organization, after.OrganizationID))
	for _, f := range studentValues {
		c.Optional(f.API, filled(f.Text(before)), filled(f.Text(after)))
	}
	return c
}

// filled returns a text, or nil if it is empty.
func filled(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func recordNewStudent(ctx context.Context, st, deleted *db.Student, groupIDs []int, password bool) {
	e := audit.Event{
		Action:         audit.StudentCreated,
		DistrictID:     st.DistrictID,
		OrganizationID: st.OrganizationID,
		Target:         audit.On(globalid.Student, st.ID),
	}
	if deleted != nil {
		e.Action = audit.StudentRevived
		e.Changes = studentChanges(deleted, st)
		e.Changes.Text("deleted", "yes", "no")
	} else {
		e.Changes.New("organization", audit.IDs(globalid.Organization, st.OrganizationID))
		for _, f := range studentValues {
			if text := f.Text(st); text != "" {
				e.Changes.New(f.API, text)
			}
		}
	}
	if len(groupIDs) > 0 {
		e.Changes.New("groups", audit.IDs(globalid.Group, groupIDs...))
	}
	if password {
		e.Changes.Secret("password")
	}
	audit.Record(ctx, e)
	if deleted != nil && deleted.OrganizationID != st.OrganizationID {
		recordMove(ctx, deleted, st, nil)
	}
}

func recordStudentUpdate(ctx context.Context, before, after *db.Student, password bool, left []Pair) {
	e := audit.Event{Action: audit.StudentUpdated, DistrictID: after.DistrictID, OrganizationID: after.OrganizationID,
		Target: audit.On(globalid.Student, after.ID), Changes: studentChanges(before, after)}
	if password {
		e.Changes.Secret("password")
	}
	audit.Record(ctx, e)
	if before.OrganizationID != after.OrganizationID {
		recordMove(ctx, before, after, left)
	}
}

// recordMove records in both schools that a student has moved from one to the other.
// Neither sees the entry of the other. The entry of the old school names the groups that
// the student has left.
func recordMove(ctx context.Context, before, after *db.Student, left []Pair) {
	var c audit.Changes
	c.Text("organization", audit.IDs(globalid.Organization, before.OrganizationID),
		audit.IDs(globalid.Organization, after.OrganizationID))
	for _, school := range []int{before.OrganizationID, after.OrganizationID} {
		e := audit.Event{Action: audit.StudentMoved, DistrictID: after.DistrictID, OrganizationID: school,
			Target: audit.On(globalid.Student, after.ID), Changes: c}
		if school == before.OrganizationID && len(left) > 0 {
			groups := groupsOf(left)[before.ID]
			e.Changes = slices.Clone(c)
			e.Changes.Gone("groups", audit.IDs(globalid.Group, groups...))
			for _, id := range groups {
				e.Others = append(e.Others, audit.Detail{Subject: audit.On(globalid.Group, id)})
			}
		}
		audit.Record(ctx, e)
	}
}

// groupsOf returns the groups of each student.
func groupsOf(pairs []Pair) map[int][]int {
	groups := map[int][]int{}
	for _, p := range pairs {
		groups[p.StudentID] = append(groups[p.StudentID], p.GroupID)
	}
	return groups
}

func schoolOf(st *db.Student) int { return st.OrganizationID }

func recordDeletion(ctx context.Context, students []*db.Student, left []Pair) {
	recordPresence(ctx, audit.StudentsDeleted, students, left, func(c *audit.Changes) {
		c.Text("deleted", "no", "yes")
	}, (*audit.Changes).Gone)
}

func recordRestoration(ctx context.Context, students []*db.Student, joined []Pair) {
	recordPresence(ctx, audit.StudentsRestored, students, joined, func(c *audit.Changes) {
		c.Text("deleted", "yes", "no")
	}, (*audit.Changes).New)
}

// recordPresence records, in an entry for each school, which students are gone or back,
// and which groups are affected.
func recordPresence(ctx context.Context, action audit.Action, students []*db.Student, pairs []Pair,
	say func(*audit.Changes), sayGroups func(c *audit.Changes, field, groups string)) {
	groups := groupsOf(pairs)
	for _, part := range audit.BySchool(students, schoolOf) {
		e := audit.Event{Action: action, DistrictID: part[0].DistrictID, OrganizationID: part[0].OrganizationID,
			Facts: audit.Facts{"students": len(part)}}
		for _, st := range part {
			var c audit.Changes
			say(&c)
			if in := groups[st.ID]; len(in) > 0 {
				sayGroups(&c, "groups", audit.IDs(globalid.Group, in...))
			}
			e.Others = append(e.Others, audit.Detail{Subject: audit.On(globalid.Student, st.ID), Changes: c})
		}
		audit.Record(ctx, e)
	}
}

// recordEnrollments records which students have joined or left which groups. Without
// enrollments it records nothing.
func recordEnrollments(ctx context.Context, action audit.Action, students []*db.Student,
	groups []*db.Group, pairs []Pair) {
	of := groupsOf(pairs)
	for _, part := range audit.BySchool(students, schoolOf) {
		e := audit.Event{Action: action, DistrictID: part[0].DistrictID, OrganizationID: part[0].OrganizationID}
		enrollments, perGroup := 0, map[int]int{}
		for _, st := range part {
			in := of[st.ID]
			if len(in) == 0 {
				continue
			}
			for _, id := range in {
				perGroup[id]++
			}
			enrollments += len(in)
			e.Others = append(e.Others,
				audit.Detail{
					Subject: audit.On(globalid.Student, st.ID),
					Changes: joined(action, "groups", audit.IDs(globalid.Group, in...)),
				})
		}
		if enrollments == 0 {
			continue
		}
		e.Facts = audit.Facts{"students": len(e.Others), "enrollments": enrollments}
		for _, g := range groups {
			if perGroup[g.ID] > 0 {
				e.Others = append(e.Others, audit.Detail{Subject: audit.On(globalid.Group, g.ID)})
			}
		}
		if len(groups) == 1 {
			e.Target = audit.On(globalid.Group, groups[0].ID)
			e.Others = slices.DeleteFunc(e.Others, func(d audit.Detail) bool { return d.Subject == e.Target })
		}
		audit.Record(ctx, e)
	}
}

func joined(action audit.Action, field, value string) (c audit.Changes) {
	if action == audit.StudentsRemoved {
		c.Gone(field, value)
	} else {
		c.New(field, value)
	}
	return c
}

func recordNewGroup(ctx context.Context, g *db.Group, educatorIDs, studentIDs []int) {
	e := wholeGroup(audit.GroupCreated, g, educatorIDs, (*audit.Changes).New)
	e.Facts = audit.Facts{"students": len(studentIDs)}
	e.Others = members(audit.StudentsAssigned, g, studentIDs)
	audit.Record(ctx, e)
}

func recordGroupUpdate(ctx context.Context, before, after *db.Group, taught, teach []int) {
	e := groupEvent(audit.GroupUpdated, after)
	for _, f := range groupValues {
		e.Changes.Optional(f.API, filled(f.Text(before)), filled(f.Text(after)))
	}
	e.Changes.Text("educators", audit.IDs(globalid.Educator, taught...), audit.IDs(globalid.Educator, teach...))
	audit.Record(ctx, e)
}

func recordGroupDeletion(ctx context.Context, g *db.Group, educatorIDs, studentIDs []int) {
	e := wholeGroup(audit.GroupDeleted, g, educatorIDs, (*audit.Changes).Gone)
	e.Facts = audit.Facts{"students": len(studentIDs)}
	e.Others = members(audit.StudentsRemoved, g, studentIDs)
	audit.Record(ctx, e)
}

// wholeGroup returns the entry of a group that was created or deleted, with all its
// values.
func wholeGroup(action audit.Action, g *db.Group, educatorIDs []int,
	say func(c *audit.Changes, field, value string)) audit.Event {
	e := groupEvent(action, g)
	for _, f := range groupValues {
		if text := f.Text(g); text != "" {
			say(&e.Changes, f.API, text)
		}
	}
	if len(educatorIDs) > 0 {
		say(&e.Changes, "educators", audit.IDs(globalid.Educator, educatorIDs...))
	}
	return e
}

func groupEvent(action audit.Action, g *db.Group) audit.Event {
	return audit.Event{
		Action:         action,
		DistrictID:     g.DistrictID,
		OrganizationID: g.OrganizationID,
		Target:         audit.On(globalid.Group, g.ID),
	}
}

func members(action audit.Action, g *db.Group, studentIDs []int) (details []audit.Detail) {
	for _, id := range studentIDs {
		details = append(details,
			audit.Detail{
				Subject: audit.On(globalid.Student, id),
				Changes: joined(action, "groups", audit.IDs(globalid.Group, g.ID)),
			})
	}
	return details
}
