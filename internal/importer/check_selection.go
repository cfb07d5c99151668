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
	"homeroom/ent/db/organization"
	"homeroom/ent/db/student"
	"homeroom/internal/viewer"
)

// selectionCheck makes plans of the students of a selection.
type selectionCheck struct {
	*studentCheck
	edit        storedEdit
	add, remove []*db.Group
}

// verifySelection is verify for a job without a file: it reads who was selected
// and writes down what will change.
func (s *Service) verifySelection(ctx context.Context, h *held, v *viewer.Viewer) error {
	ids, err := s.selected(ctx, h.job.ID)
	if err != nil {
		return err
	}
	err = s.inFence(ctx, h, func(ctx context.Context, client *db.Client) error {
		_, err := client.ExecContext(ctx, "UPDATE bulk_jobs SET total_rows = ? WHERE id = ?", len(ids), h.job.ID)
		return err
	})
	if err != nil {
		return err
	}
	c, refusal, err := s.selectionCheckOf(ctx, h.job, v)
	if err != nil {
		return err
	}
	if refusal != nil {
		return s.fail(ctx, h, refusal)
	}
	// The names of columns stand for the fields, as in a file with our own headers.
	l := &layout{kind: h.job.Kind, index: map[string]int{}, header: map[string]string{colGrade: colGrade, colGroups: colGroups}}
	row := 0
	p := &preview{service: s, held: h}
	for chunk := range slices.Chunk(ids, s.rowsAtOnce(batchRows)) {
		rows := make([]*studentRow, len(chunk))
		for i, id := range chunk {
			row++
			rows[i] = &studentRow{fileRow: &fileRow{Row: row, N: row, layout: l, cells: []string{strconv.Itoa(id)}}, id: id, draft: &plan{Student: 1}}
		}
		if err := c.checkSelected(ctx, rows); err != nil {
			return fmt.Errorf("check the selected students from %d on: %w", rows[0].Row, err)
		}
		checked := make([]*fileRow, len(rows))
		for i, r := range rows {
			checked[i] = r.fileRow
			for _, p := range r.problems {
				reword(p)
			}
		}
		if err := p.add(ctx, checked); err != nil {
			return err
		}
	}
	if err := p.flush(ctx); err != nil {
		return err
	}
	return s.finishVerifying(ctx, h, p.total)
}

func (s *Service) selectionCheckOf(ctx context.Context, job *db.BulkJob, v *viewer.Viewer) (*selectionCheck, *problem, error) {
	base := &check{s: s, job: job, v: v, seen: &claims{}}
	c := &selectionCheck{studentCheck: &studentCheck{base}}
	var err error
	if base.schools, err = s.loadSchools(ctx, job.DistrictID); err != nil {
		return nil, nil, err
	}
	// A selection from several schools belongs to a district that the submitter
	// need not see.
	base.at, err = s.db.Client(ctx).Organization.Query().Where(organization.ID(job.OrganizationID)).
		Only(viewer.AsSystem(ctx, "organization of a job"))
	if err != nil || job.Kind == bulkjob.KindDELETE_STUDENTS {
		return c, nil, err
	}
	if err := json.Unmarshal(job.Edit, &c.edit); err != nil {
		return nil, nil, fmt.Errorf("edit of job %d: %w", job.ID, err)
	}
	for _, list := range []struct {
		ids    []int
		groups *[]*db.Group
	}{{c.edit.Add, &c.add}, {c.edit.Remove, &c.remove}} {
		if *list.groups, err = s.db.Client(ctx).Group.Query().Where(group.IDIn(list.ids...)).All(ctx); err != nil {
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

// checkSelected is checkRows for students who are known by their keys.
func (c *selectionCheck) checkSelected(ctx context.Context, rows []*studentRow) error {
	ids := make([]int, len(rows))
	for i, r := range rows {
		ids[i] = r.id
	}
	found := &studentLookup{byID: map[int]*db.Student{}, groups: map[int][]*db.Group{}}
	visible, err := c.s.db.Client(ctx).Student.Query().Where(student.DistrictID(c.job.DistrictID), student.IDIn(ids...)).All(ctx)
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
		p.regroups(member, nil, member)
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
		p.regroups(c.listable(member, leave...), join, leave)
	}
	if !r.refused && len(p.Changes) > 0 {
		r.plan = p
	}
}
