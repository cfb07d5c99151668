package student

import (
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// groupTexts are the groups that a cell names, as the cell has them.
func groupTexts(r *sheet.Row) []string {
	texts := csvfile.SplitList(r.Text(field.ColGroups))
	for i, t := range texts {
		texts[i] = roster.Clean(t)
	}
	if r.ClearsAmongOthers(field.ColGroups, texts,
		"Write only [clear] to remove the student from all classes and groups; otherwise leave [clear] out.") {
		return nil
	}
	if len(texts) > roster.MaxGroupsAtOne {
		r.Fail(field.ColGroups, row.Problemf(row.TooMany, "Split them into several uploads.",
			"The cell names %d classes or groups, but at most %d are allowed.", len(texts), roster.MaxGroupsAtOne))
		return nil
	}
	return texts
}

// groups plans what groups a student joins and leaves.
func (c *checker) groups(r *studentRow, found *lookup) {
	var member []*db.Group
	if r.st != nil && !r.revives {
		member = found.groups[r.st.ID]
	}
	var wanted []*db.Group
	for _, text := range r.tokens {
		g, p := found.finder.Find(text, []int{r.school.ID}, member)
		if p != nil {
			p.Value = text
			r.Fail(field.ColGroups, p)
			if p.Code == row.AmbiguousGroup {
				c.Note(r.Row, member...)
			}
			continue
		}
		wanted = reach.Union(wanted, []*db.Group{g})
	}
	if len(wanted) == 0 && !r.Clears(field.ColGroups) {
		return
	}
	join, leave := c.joinAndLeave(r, member, wanted)
	c.Note(r.Row, slices.Concat(join, leave)...)
	for _, g := range slices.Concat(join, leave) {
		if g.Synced == 1 {
			p := reach.SyncedGroup(g)
			p.Value = g.Name
			r.Fail(field.ColGroups, p)
		}
	}
	if len(join)+len(leave) == 0 || r.Refused {
		return
	}
	reach.Regroup(r.draft, c.Listable(member, leave...), join, leave)
}

// joinAndLeave compares what a row asks for with the present groups. A student leaves
// groups of the school's information system only if the row names them, which is
// refused; replacing and clearing skip them.
func (c *checker) joinAndLeave(r *studentRow, member, wanted []*db.Group) (join, leave []*db.Group) {
	isIn := func(list []*db.Group, g *db.Group) bool {
		return slices.ContainsFunc(list, func(o *db.Group) bool { return o.ID == g.ID })
	}
	mode := c.Job.GroupsMode
	if r.Clears(field.ColGroups) {
		mode = bulkjob.GroupsModeREPLACE
	}
	if mode != bulkjob.GroupsModeREMOVE {
		for _, g := range wanted {
			if !isIn(member, g) {
				join = append(join, g)
			}
		}
	}
	for _, g := range member {
		named := isIn(wanted, g)
		if mode == bulkjob.GroupsModeREMOVE && named || mode == bulkjob.GroupsModeREPLACE && !named && g.Synced == 0 {
			leave = append(leave, g)
		}
	}
	return join, leave
}
