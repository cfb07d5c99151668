package importer

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/ent/db/group"
	"homeroom/ent/db/student"
	"homeroom/internal/grade"
)

// storedEdit is an Edit as a job holds it.
type storedEdit struct {
	Add    []int        `json:"add,omitempty"`
	Remove []int        `json:"remove,omitempty"`
	Grade  *grade.Grade `json:"grade,omitempty"`
}

// selectionCheck makes plans of the students of a selection.
type selectionCheck struct {
	*studentCheck
	edit        storedEdit
	add, remove []*db.Group
}

// selectionCheck returns what checks the students of a selection, or a problem where a
// group of the edit is gone.
func (k *studentKind) selectionCheck(ctx context.Context, base *check) (*selectionCheck, *problem, error) {
	c := &selectionCheck{studentCheck: &studentCheck{base}}
	job := base.job
	if job.Kind == bulkjob.KindDELETE_STUDENTS {
		return c, nil, nil
	}
	if err := json.Unmarshal(job.Edit, &c.edit); err != nil {
		return nil, nil, fmt.Errorf("edit of job %d: %w", job.ID, err)
	}
	for _, list := range []struct {
		ids    []int
		groups *[]*db.Group
	}{{c.edit.Add, &c.add}, {c.edit.Remove, &c.remove}} {
		var err error
		if *list.groups, err = k.db.Client(ctx).Group.Query().Where(group.IDIn(list.ids...)).All(ctx); err != nil {
			return nil, nil, err
		}
		if len(*list.groups) != len(list.ids) {
			return nil, problemf(UnknownGroup, "Choose the classes or groups again.",
				"A class or group of this edit no longer exists, or is no longer in the purview of the person who asked for it."), nil
		}
		slices.SortFunc(*list.groups, byName)
	}
	return c, nil, nil
}

// checkRows makes plans of rows, the only cell of which is the key of a student.
func (c *selectionCheck) checkRows(ctx context.Context, rows []*fileRow) error {
	students := make([]*studentRow, len(rows))
	for i, r := range rows {
		id, err := strconv.Atoi(r.cells[0])
		if err != nil {
			return fmt.Errorf("student %d of the selection: %w", r.Row, err)
		}
		students[i] = &studentRow{fileRow: r, id: id, draft: &plan{Student: 1}}
	}
	return c.checkSelected(ctx, students)
}

// checkSelected is checkRows for students who are known by their keys.
func (c *selectionCheck) checkSelected(ctx context.Context, rows []*studentRow) error {
	ids := make([]int, len(rows))
	for i, r := range rows {
		ids[i] = r.id
	}
	found := &studentLookup{byID: map[int]*db.Student{}, groups: map[int][]*db.Group{}}
	visible, err := c.db.Client(ctx).Student.Query().Where(student.DistrictID(c.job.DistrictID), student.IDIn(ids...)).All(ctx)
	if err != nil {
		return err
	}
	for _, st := range visible {
		found.byID[st.ID] = st
	}
	for _, r := range rows {
		switch r.st = found.byID[r.id]; {
		case r.st == nil:
			r.fail("", problemf(UnknownStudent, "Nothing needs to be done, unless the student should be there.",
				"The student has been deleted since, or is no longer in the purview of the person who asked for this."))
		case !c.reaches(r.st.OrganizationID):
			r.fail("", problemf(OtherSchool, "Select the student again.", "The student has moved to another school since."))
		default:
			r.school = c.schoolOf(r.st)
			r.targetID, r.version = r.st.ID, r.st.Version
			r.label = label(r.st.FirstName, r.st.LastName, r.st.ExternalID)
		}
	}
	if err := c.findEditable(ctx, found); err != nil {
		return err
	}
	if err := c.findGroupsOf(ctx, rows, found); err != nil {
		return err
	}
	for _, r := range rows {
		switch {
		case r.refused:
		case c.job.Kind == bulkjob.KindDELETE_STUDENTS:
			c.planDeletion(r, found)
		default:
			c.planEdit(r, found)
		}
	}
	return nil
}

func (c *selectionCheck) planDeletion(r *studentRow, found *studentLookup) {
	p, member := r.draft, found.groups[r.st.ID]
	switch {
	case !c.v.Administers(r.st.OrganizationID, r.st.DistrictID):
		r.fail("", problemf(Forbidden, "Ask an administrator of the school.", "Only administrators delete students."))
		return
	case r.st.Synced == 1:
		r.fail("", c.syncedStudent(r))
		return
	}
	p.Do = doDelete
	p.changes(fieldDeleted, "no", "yes")
	if member = c.listable(member); len(member) > 0 {
		regroup(p, member, nil, member)
	}
	r.plan = p
}

func (c *selectionCheck) planEdit(r *studentRow, found *studentLookup) {
	p, member := r.draft, found.groups[r.st.ID]
	p.Do = doUpdate
	if g := c.edit.Grade; g != nil && *g != r.st.Grade {
		c.write(r, colGrade, student.FieldGrade, int(*g), r.st.Grade.String(), g.String())
		if !r.refused && !found.mayEdit(r.st) {
			r.fail(colGrade, problemf(Forbidden, "Assign the student first, or ask an administrator.",
				"%s %s is in none of your classes or groups, so you cannot make this change.", r.st.FirstName, r.st.LastName))
		}
	}
	isIn := func(list []*db.Group) func(*db.Group) bool {
		return func(g *db.Group) bool {
			return slices.ContainsFunc(list, func(o *db.Group) bool { return o.ID == g.ID })
		}
	}
	join := slices.DeleteFunc(slices.Clone(c.add), isIn(member))
	leave := slices.DeleteFunc(slices.Clone(member), func(g *db.Group) bool { return !isIn(c.remove)(g) })
	for _, g := range slices.Concat(join, leave) {
		if g.Synced == 1 {
			problem := syncedGroup(g)
			problem.Value = g.Name
			r.fail(colGroups, problem)
		}
	}
	if len(join)+len(leave) > 0 {
		c.note(r.fileRow, slices.Concat(join, leave)...)
		regroup(p, c.listable(member, leave...), join, leave)
	}
	if !r.refused && len(p.Changes) > 0 {
		r.plan = p
	}
}
