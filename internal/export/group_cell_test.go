package export_test

import (
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// TestHowAFileNamesGroups has students in groups with ambiguous names. It looks at the
// cell of each in the file of the district and in that of the school, which lacks the
// groups of other schools. A file uses the Database ID of a group if an import could
// confuse its name with another.
func TestHowAFileNamesGroups(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		named := func(at *db.Organization, name, externalID string) *db.Group {
			g := b.Group(t, at, name)
			if externalID != "" {
				g = g.Update().SetExternalID(externalID).SaveX(fixture.System())
			}
			return g
		}
		id := func(g *db.Group) string { return globalid.Encode(globalid.Group, g.ID) }
		zebra, apple := named(b.North, "Zebra", ""), named(b.North, "äpple", "")
		twin, _ := named(b.North, "Twin", ""), named(b.North, "TWIN", "")
		named(b.North, "Drama", "")
		drama := named(b.South, "Drama", "")
		club, otherClub := named(b.North, "Club", ""), named(b.South, "club", "")
		taken, _ := named(b.North, "G-1", ""), named(b.North, "Taken", "G-1")
		own := named(b.North, "G-2", "G-2")
		elsewhere, member := named(b.South, "Elsewhere", "G-3"), named(b.North, "G-3", "")
		alone := named(b.South, "Alone", "")
		blanks, looksLikeID := named(b.North, "Two  blanks", ""), named(b.North, id(zebra), "")
		empties := named(b.North, "[Clear]", "")
		for name, c := range map[string]struct {
			in               []*db.Group
			district, school []string
		}{
			"by name, in the order of their names": {[]*db.Group{zebra, apple}, []string{"äpple", "Zebra"},
				[]string{"äpple", "Zebra"}},
			"one of two with a name":                         {[]*db.Group{twin}, []string{id(twin)}, []string{id(twin)}},
			"one of another school, with a name of this one": {[]*db.Group{drama}, []string{id(drama)}, nil},
			"one of another school":                          {[]*db.Group{alone}, []string{id(alone)}, nil},
			"one of this school and one of another with its name": {[]*db.Group{club, otherClub},
				[]string{id(club), id(otherClub)}, []string{"Club"}},
			"one that is called as the external ID of another": {[]*db.Group{taken}, []string{id(taken)},
				[]string{id(taken)}},
			"one that is called as its own external ID": {[]*db.Group{own}, []string{"G-2"}, []string{"G-2"}},
			"one that is called as the external ID of one of another school": {[]*db.Group{elsewhere, member},
				[]string{id(elsewhere), id(member)}, []string{"G-3"}},
			"one whose name changes when it is read": {[]*db.Group{blanks}, []string{id(blanks)}, []string{id(blanks)}},
			"one that is called as the Database ID of another": {[]*db.Group{looksLikeID}, []string{id(looksLikeID)},
				[]string{id(looksLikeID)}},
			"one that is called as what empties a cell": {[]*db.Group{empties}, []string{id(empties)}, []string{id(empties)}},
		} {
			st := b.Student(t, b.North, "Ada", "Lovelace", 0, c.in...)
			f := roster.StudentFilter{Search: st.ExternalID}
			cell := records(t, b.exported(t, b.DistrictAdmin, b.Alpha, f))[0].Cells[8]
			if cell != csvfile.JoinList(c.district) {
				t.Errorf("%s: the district has %q, want %q", name, cell, c.district)
			}
			if cell = records(t, b.exported(t, b.NorthAdmin, b.North, f))[0].Cells[8]; cell != csvfile.JoinList(c.school) {
				t.Errorf("%s: the school has %q, want %q", name, cell, c.school)
			}
		}
		// An administrator who also administers the other school sees its groups.
		b.Client().RoleAssignment.Create().SetEducatorID(b.NorthAdmin.ID).SetOrganizationID(b.South.ID).
			SetDistrictID(b.Alpha.ID).SetRole(roleassignment.RoleSCHOOL_ADMIN).ExecX(fixture.System())
		st := b.Student(t, b.North, "Both", "Schools", 0, zebra, alone)
		cell := records(t, b.exported(t, b.NorthAdmin, b.North, roster.StudentFilter{Search: st.ExternalID}))[0].Cells[8]
		if want := csvfile.JoinList([]string{id(alone), "Zebra"}); cell != want {
			t.Errorf("an administrator of both schools has %q, want %q", cell, want)
		}
	})
}
