package student

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/grade"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// storedEdit is an Edit as a job holds it.
type storedEdit struct {
	Add    []int        `json:"add,omitempty"`
	Remove []int        `json:"remove,omitempty"`
	Grade  *grade.Grade `json:"grade,omitempty"`
}

// selectionCheck makes plans of the students of a selection.
type selectionCheck struct {
	*checker
	edit        storedEdit
	add, remove []*db.Group
}

// selectionCheck returns the checker of the students of a selection, or a problem if a
// group of the edit no longer exists.
func (k *shared) selectionCheck(ctx context.Context, base *reach.Check) (*selectionCheck, *row.Problem, error) {
	c := &selectionCheck{checker: &checker{Check: base}}
	job := base.Job
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
		if *list.groups, err = k.DB.Client(ctx).Group.Query().Where(group.IDIn(list.ids...)).All(ctx); err != nil {
			return nil, nil, err
		}
		if len(*list.groups) != len(list.ids) {
			return nil, row.Problemf(row.UnknownGroup, "Choose the classes or groups again.",
					"A class or group of this edit no longer exists, or the person who asked for it may no longer see it."),
				nil
		}
		slices.SortFunc(*list.groups, reach.ByName)
	}
	return c, nil, nil
}

// CheckRows makes plans for rows whose only cell is the key of a student.
func (c *selectionCheck) CheckRows(ctx context.Context, rows []*sheet.Row) error {
	students := make([]*studentRow, len(rows))
	for i, r := range rows {
		id, err := strconv.Atoi(r.Cells[0])
		if err != nil {
			return fmt.Errorf("student %d of the selection: %w", r.Number, err)
		}
		students[i] = &studentRow{Row: r, id: id, draft: &row.Plan{Student: 1}}
	}
	return c.checkSelected(ctx, students)
}

// checkSelected is checkRows for students who are known by their keys.
func (c *selectionCheck) checkSelected(ctx context.Context, rows []*studentRow) error {
	ids := make([]int, len(rows))
	for i, r := range rows {
		ids[i] = r.id
	}
	found := &lookup{byID: map[int]*db.Student{}, groups: map[int][]*db.Group{}}
	visible, err := c.DB.Client(ctx).Student.Query().
		Where(student.DistrictID(c.Job.DistrictID), student.IDIn(ids...)).All(ctx)
	if err != nil {
		return err
	}
	for _, st := range visible {
		found.byID[st.ID] = st
	}
	for _, r := range rows {
		switch r.st = found.byID[r.id]; {
		case r.st == nil:
			r.Fail("", row.Problemf(row.UnknownStudent, "You need not do anything, unless the student should be there.",
				"The student has since been deleted, or the person who asked for this may no longer see the student."))
		case !c.Reaches(r.st.OrganizationID):
			r.Fail("", row.Problemf(row.OtherSchool, "Select the student again.",
				"The student has since moved to another school."))
		default:
			r.school = c.schoolOf(r.st)
			r.TargetID, r.Version = r.st.ID, r.st.Version
			r.Label = reach.Label(r.st.FirstName, r.st.LastName, r.st.ExternalID)
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
		case r.Refused:
		case c.Job.Kind == bulkjob.KindDELETE_STUDENTS:
			c.planDeletion(r, found)
		default:
			c.planEdit(r, found)
		}
	}
	return nil
}

func (c *selectionCheck) planDeletion(r *studentRow, found *lookup) {
	p, member := r.draft, found.groups[r.st.ID]
	switch {
	case !c.Viewer.Administers(r.st.OrganizationID, r.st.DistrictID):
		r.Fail("", row.Problemf(row.Forbidden, "Ask an administrator of the school.", "Only administrators can delete "+
			"students."))
		return
	case r.st.Synced == 1:
		r.Fail("", c.syncedStudent(r))
		return
	}
	p.Do = row.Delete
	p.Show(field.Deleted, "no", "yes")
	if member = c.Listable(member); len(member) > 0 {
		reach.Regroup(p, member, nil, member)
	}
	r.Plan = p
}

func (c *selectionCheck) planEdit(r *studentRow, found *lookup) {
	p, member := r.draft, found.groups[r.st.ID]
	p.Do = row.Update
	if g := c.edit.Grade; g != nil && *g != r.st.Grade {
		c.write(r, roster.StudentFields.By(student.FieldGrade),
			sheet.New{Value: int(*g), Before: r.st.Grade.String(), After: g.String()})
		if !r.Refused && !found.mayEdit(r.st) {
			r.Fail(field.ColGrade, row.Problemf(row.Forbidden, "First add the student to one of them, or ask an administrator.",
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
	for _, g := range join {
		if g.OrganizationID != r.st.OrganizationID {
			r.Fail(field.ColGroups, c.OtherSchool(g, r.st.OrganizationID))
		}
	}
	for _, g := range slices.Concat(join, leave) {
		if g.Synced == 1 {
			problem := reach.SyncedGroup(g)
			problem.Value = g.Name
			r.Fail(field.ColGroups, problem)
		}
	}
	if len(join)+len(leave) > 0 {
		c.Note(r.Row, slices.Concat(join, leave)...)
		reach.Regroup(p, c.Listable(member, leave...), join, leave)
	}
	if !r.Refused && len(p.Changes) > 0 {
		r.Plan = p
	}
}
