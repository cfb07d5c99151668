package reach

import (
	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/quote"
)

// A student can only be in groups of the student's own school. These are the messages for
// rows that ask for something else.

// hintOtherSchool is what to do about a student and a group of different schools.
const hintOtherSchool = "Move the student to that school first, or choose a class or group of the student's school."

// OtherSchool returns the problem of a student who cannot join a group of another school.
// It names the schools if the submitter sees them.
func (c *Check) OtherSchool(g *db.Group, school int) *row.Problem {
	at, own := c.Schools.Name(g.OrganizationID), c.Schools.Name(school)
	var p *row.Problem
	if at == "" || own == "" {
		p = row.Problemf(row.OtherSchool, hintOtherSchool, "%s is at another school than the student.", g.Name)
	} else {
		p = row.Problemf(row.OtherSchool, hintOtherSchool, "%s belongs to %s, and the student to %s.", g.Name, at, own)
	}
	p.Value = g.Name
	return p
}

// FindOwn is Find for a student, who can only join groups of one school. If a group exists
// only at other schools, the problem says so.
func (f *GroupFinder) FindOwn(text string, school int, member []*db.Group) (*db.Group, *row.Problem) {
	g, p := f.Find(text, []int{school}, member)
	if p == nil || p.Code != row.UnknownGroup {
		return g, p
	}
	if _, isID := globalid.Key(globalid.Group, text); isID {
		return nil, p
	}
	elsewhere := Union(f.ElsewhereByExternal[text], f.elsewhereByName[fold.Text(text)])
	if len(elsewhere) == 0 {
		return nil, p
	}
	return nil, row.Problemf(row.OtherSchool, hintOtherSchool,
		"There is no class or group %s at the student's school, only %s.", quote.Text(text), NamesOf(elsewhere, f.describe))
}

// OtherSchoolByNow is why a row is not written whose student and group have come to be of
// different schools since it was checked.
func OtherSchoolByNow(g *db.Group) *row.Problem {
	return row.Problemf(row.OtherSchool, "Upload the row again to see what it would change now.",
		"The student and %s are at different schools by now.", g.Name)
}
