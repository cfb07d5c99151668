package student

import (
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// groupTexts returns the groups that a cell names, in the form for comparing and as the
// cell has them.
func groupTexts(r *sheet.Row) (texts, raw []string) {
	raw = csvfile.SplitList(r.Text(field.ColGroups))
	texts = make([]string, len(raw))
	for i, t := range raw {
		texts[i] = roster.Clean(t)
	}
	if r.ClearsAmongOthers(field.ColGroups, texts,
		"Write only [clear] to remove the student from all classes and groups; otherwise leave [clear] out.") {
		return nil, nil
	}
	if len(texts) > roster.MaxGroupsAtOne {
		r.Fail(field.ColGroups, row.Problemf(row.TooMany, "Split them into several uploads.",
			"The cell names %d classes or groups, but at most %d are allowed.", len(texts), roster.MaxGroupsAtOne))
		return nil, nil
	}
	return texts, raw
}

// groups plans which groups a student joins and leaves. A student who moves to another
// school leaves the groups of all others, whatever the cell says; the classes that it
// names are classes of the new school.
func (c *checker) groups(r *studentRow, found *lookup) {
	var member []*db.Group
	if r.st != nil && !r.revives {
		member = found.groups[r.st.ID]
	}
	stays, gone := c.stayAndGo(r, member)
	var wanted []*db.Group
	var made []row.NewGroup
	for _, text := range r.tokens {
		if c.Job.GroupsMode == bulkjob.GroupsModeREMOVE && len(reach.Called(text, gone)) > 0 {
			continue // It is left anyway.
		}
		groups, p := found.finder.FindAllOwn(text, r.school.ID, stays)
		if old := reach.CalledByName(text, gone); p == nil && len(old) > 0 && fold.Key(groups[0].Name) == fold.Key(text) {
			// The cell may still list the groups of the old school.
			p = found.finder.Ambiguous(text, reach.Union(groups, old))
		}
		if p != nil && p.Code == row.UnknownGroup && sheet.IsNothing(text) {
			continue
		}
		if c.creates(r, text, p, found) {
			var g row.NewGroup
			if g, p = c.news.Name(r.school.ID, text); p == nil && !slices.Contains(made, g) {
				made = append(made, g)
			}
		}
		if p != nil {
			p.Value = text
			r.Fail(field.ColGroups, p)
			if p.Code == row.AmbiguousGroup {
				c.Note(r.Row, member...)
			}
			continue
		}
		wanted = reach.Union(wanted, groups)
	}
	join, leave := []*db.Group(nil), gone
	if len(wanted)+len(made) > 0 || r.Clears(field.ColGroups) {
		join, leave = c.joinAndLeave(r, stays, wanted)
		leave = slices.Concat(leave, gone)
	}
	c.Note(r.Row, slices.Concat(join, leave)...)
	for _, g := range join {
		if g.OrganizationID != r.school.ID {
			r.Fail(field.ColGroups, c.OtherSchool(g, r.school.ID))
		}
	}
	for _, g := range slices.Concat(join, leave) {
		if g.Synced == 1 {
			p := reach.SyncedGroup(g)
			p.Value = g.Name
			r.Fail(field.ColGroups, p)
		}
	}
	if len(join)+len(leave)+len(made) == 0 || r.Refused {
		return
	}
	reach.Regroup(r.draft, c.Listable(member, leave...), join, leave, made...)
}

// creates reports whether a text that nobody's group matches becomes a new group of the
// school: the submitter said so and administers the school, and the student is not one whose
// classes the school's information system keeps.
func (c *checker) creates(r *studentRow, text string, p *row.Problem, found *lookup) bool {
	return p != nil && (p.Code == row.UnknownGroup || p.Code == row.OtherSchool) && c.news != nil &&
		c.Job.GroupsMode != bulkjob.GroupsModeREMOVE && (r.st == nil || r.st.Synced == 0) &&
		c.Reaches(r.school.ID) && c.Viewer.Administers(r.school.ID, r.school.DistrictID) &&
		found.finder.Missing(text, r.school.ID)
}

// stayAndGo divides the groups of a student into those in which the student may stay and
// those that a move ends.
func (c *checker) stayAndGo(r *studentRow, member []*db.Group) (stays, gone []*db.Group) {
	if r.st == nil || r.st.OrganizationID == r.school.ID {
		return member, nil
	}
	for _, g := range member {
		if g.OrganizationID == r.school.ID {
			stays = append(stays, g)
		} else {
			gone = append(gone, g)
		}
	}
	return stays, gone
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
