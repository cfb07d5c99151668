package group

import (
	"context"
	"fmt"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// OnRecord implements kind.Finder: it finds the groups of rows that say that something has
// ended.
func (c *groupCheck) OnRecord(ctx context.Context, rows []*sheet.Row) (map[*sheet.Row]kind.Found, error) {
	wishOf := func(r *sheet.Row) (w reach.GroupWish) {
		for _, column := range []string{field.ColDatabaseID, field.ColExternalID, field.ColName} {
			if w.Text == "" {
				w.Text = roster.Clean(r.Text(column))
			}
		}
		school := c.AtSchool()
		if cell := r.Text(field.ColSchool); cell != "" {
			school, _ = c.Schools.Find(cell)
		}
		if school != nil {
			w.Schools = []int{school.ID}
		}
		return w
	}
	var wishes []reach.GroupWish
	for _, r := range rows {
		wishes = append(wishes, wishOf(r))
	}
	finder, err := c.FindGroups(ctx, wishes)
	if err != nil {
		return nil, err
	}
	found := map[*sheet.Row]kind.Found{}
	for i, r := range rows {
		var g *db.Group
		if g, _ = finder.Find(wishes[i].Text, wishes[i].Schools, nil); g == nil || !c.Reaches(g.OrganizationID) {
			continue
		}
		r.Label = reach.GroupLabel(g.Name, row.Deref(g.ExternalID))
		found[r] = kind.Found{
			Is:   fmt.Sprintf("%s is still among the classes and groups, and stays as before.", r.Label),
			Hint: "If it has ended, delete it. If not, correct this cell and upload the row again.",
		}
	}
	return found, nil
}
