package importer

import (
	"slices"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/internal/csvfile"
	"homeroom/internal/roster"
)

// groupTexts are the groups that a cell names, each as it stands there.
func groupTexts(r *fileRow) []string {
	texts := csvfile.SplitList(r.text(colGroups))
	for i, t := range texts {
		texts[i] = roster.Clean(t)
	}
	if r.clearsAmongOthers(colGroups, texts, "Write [clear] and nothing else to leave all classes and groups, or take it out.") {
		return nil
	}
	if len(texts) > roster.MaxGroupsAtOne {
		r.fail(colGroups, problemf(TooMany, "Divide them between several uploads.",
			"The cell names %d classes or groups; at most %d can be.", len(texts), roster.MaxGroupsAtOne))
		return nil
	}
	return texts
}

// groups plans what groups a student joins and leaves.
func (c *studentCheck) groups(r *studentRow, found *studentLookup) {
	var member []*db.Group
	if r.st != nil && !r.revives {
		member = found.groups[r.st.ID]
	}
	var wanted []*db.Group
	for _, text := range r.tokens {
		g, p := found.finder.find(text, []int{r.school.ID}, member)
		if p != nil {
			p.Value = text
			r.fail(colGroups, p)
			if p.Code == AmbiguousGroup {
				c.note(r.fileRow, member...)
			}
			continue
		}
		wanted = union(wanted, []*db.Group{g})
	}
	if len(wanted) == 0 && !r.clears(colGroups) {
		return
	}
	join, leave := c.joinAndLeave(r, member, wanted)
	c.note(r.fileRow, slices.Concat(join, leave)...)
	for _, g := range slices.Concat(join, leave) {
		if g.Synced == 1 {
			p := syncedGroup(g)
			p.Value = g.Name
			r.fail(colGroups, p)
		}
	}
	if len(join)+len(leave) == 0 || r.refused {
		return
	}
	regroup(r.draft, c.listable(member, leave...), join, leave)
}

// joinAndLeave compares what a row wants with what is. Groups of the school's
// information system are left only where the row says so by name, which is
// refused; replacing and emptying pass them over.
func (c *studentCheck) joinAndLeave(r *studentRow, member, wanted []*db.Group) (join, leave []*db.Group) {
	isIn := func(list []*db.Group, g *db.Group) bool {
		return slices.ContainsFunc(list, func(o *db.Group) bool { return o.ID == g.ID })
	}
	mode := c.job.GroupsMode
	if r.clears(colGroups) {
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
