package importer

import (
	"context"
	"maps"
	"slices"

	"homeroom/ent/db"
	"homeroom/ent/db/enrollment"
	"homeroom/ent/db/group"
	"homeroom/ent/db/student"
	"homeroom/ent/rule"
	"homeroom/internal/fold"
	"homeroom/internal/roster"
	"homeroom/internal/viewer"
)

// studentLookup is what a batch of rows needs to know about students.
type studentLookup struct {
	// Students whom the submitter sees.
	byID       map[int]*db.Student
	byExternal map[string]*db.Student
	// editable are those whose fields the submitter may change.
	editable map[int]bool

	// taken are all students of the district with one of the Student IDs of the
	// batch, the deleted and those outside of the purview too. Nothing of theirs
	// is ever shown.
	taken map[string]*db.Student
	// usernames are the keys of those who have one of the usernames of the batch,
	// in the same way; owners are those of them whom the submitter sees.
	usernames map[string]int
	owners    map[int]*db.Student

	// groups are the groups of a student that the submitter sees.
	groups map[int][]*db.Group
	finder *groupFinder
}

func (c *studentCheck) findStudents(ctx context.Context, rows []*studentRow) (*studentLookup, error) {
	found := &studentLookup{byID: map[int]*db.Student{}, byExternal: map[string]*db.Student{}, editable: map[int]bool{},
		taken: map[string]*db.Student{}, usernames: map[string]int{}, owners: map[int]*db.Student{}, groups: map[int][]*db.Group{}}
	var ids []int
	var externalIDs, keys []string
	for _, r := range rows {
		if r.id != 0 {
			ids = append(ids, r.id)
		}
		if r.externalID != "" {
			externalIDs = append(externalIDs, r.externalID)
		}
		if username := roster.Clean(r.text(colUsername)); username != "" {
			keys = append(keys, fold.Key(username))
		}
	}
	client := c.s.db.Client(ctx)
	system := viewer.AsSystem(ctx, "whether a Student ID or username is taken")
	district := student.DistrictID(c.job.DistrictID)

	taken, err := client.Student.Query().Where(district, student.ExternalIDIn(externalIDs...)).All(system)
	if err != nil {
		return nil, err
	}
	for _, st := range taken {
		found.taken[st.ExternalID] = st
		ids = append(ids, st.ID)
	}
	owners, err := client.Student.Query().Where(district, student.UsernameKeyIn(keys...)).
		Select(student.FieldID, student.FieldUsernameKey).All(system)
	if err != nil {
		return nil, err
	}
	for _, st := range owners {
		found.usernames[st.UsernameKey] = st.ID
		ids = append(ids, st.ID)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	visible, err := client.Student.Query().Where(district, student.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, err
	}
	for _, st := range visible {
		found.byID[st.ID] = st
		found.owners[st.ID] = st
		found.byExternal[st.ExternalID] = st
	}
	return found, c.findEditable(ctx, found, ids)
}

// findEditable finds out whose fields the submitter may change. Administrators
// may change everybody they see.
func (c *studentCheck) findEditable(ctx context.Context, found *studentLookup, ids []int) error {
	if !c.v.IsTeacher() {
		for id := range found.byID {
			found.editable[id] = true
		}
		return nil
	}
	editable, err := c.s.db.Client(ctx).Student.Query().Where(student.IDIn(ids...), rule.StudentsEdited(c.v)).IDs(ctx)
	for _, id := range editable {
		found.editable[id] = true
	}
	return err
}

// findGroupsOf reads the groups of which the students of the rows are members,
// and those that the rows name.
func (c *studentCheck) findGroupsOf(ctx context.Context, rows []*studentRow, found *studentLookup) error {
	var ids []int
	var wishes []groupWish
	for _, r := range rows {
		if r.school == nil {
			continue
		}
		if r.st != nil {
			ids = append(ids, r.st.ID)
		}
		for _, text := range r.tokens {
			wishes = append(wishes, groupWish{text, []int{r.school.ID}})
		}
	}
	client := c.s.db.Client(ctx)
	memberships, err := client.Enrollment.Query().Where(enrollment.StudentIDIn(ids...)).
		Select(enrollment.FieldStudentID, enrollment.FieldGroupID).All(ctx)
	if err != nil {
		return err
	}
	groupIDs := map[int]bool{}
	for _, e := range memberships {
		groupIDs[e.GroupID] = true
	}
	groups := map[int]*db.Group{}
	for list := range chunks(groupIDs) {
		some, err := client.Group.Query().Where(group.IDIn(list...)).All(ctx)
		if err != nil {
			return err
		}
		for _, g := range some {
			groups[g.ID] = g
		}
	}
	for _, e := range memberships {
		if g := groups[e.GroupID]; g != nil {
			found.groups[e.StudentID] = append(found.groups[e.StudentID], g)
		}
	}
	for id := range maps.Keys(found.groups) {
		slices.SortFunc(found.groups[id], byName)
	}
	found.finder, err = c.findGroups(ctx, wishes)
	return err
}
