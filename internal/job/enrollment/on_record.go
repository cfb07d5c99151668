package enrollment

import (
	"context"
	"fmt"

	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// OnRecord implements kind.Finder: it finds the people who are still in the groups that
// rows say they have left.
func (c *enrollmentCheck) OnRecord(ctx context.Context, rows []*sheet.Row) (map[*sheet.Row]kind.Found, error) {
	var all []*enrollmentRow
	for _, r := range rows {
		// The row has its problem already; other problems of it are not shown.
		line := &enrollmentRow{Row: r.Quiet(), group: roster.Clean(r.Text(field.ColGroups)),
			person: roster.Clean(r.Text(field.ColPerson)), role: roleOf(r.Text(field.ColRole))}
		all = append(all, line)
	}
	people, err := c.findPersons(ctx, all)
	if err != nil {
		return nil, err
	}
	var wishes []reach.GroupWish
	for _, r := range all {
		if c.person(r, people); !r.Refused {
			wishes = append(wishes, reach.GroupWish{Text: r.group, Schools: r.schools})
		}
	}
	finder, err := c.FindGroups(ctx, wishes)
	if err != nil {
		return nil, err
	}
	if err := c.findMemberships(ctx, all, people); err != nil {
		return nil, err
	}
	found := map[*sheet.Row]kind.Found{}
	for i, r := range all {
		if r.Refused || r.Outside {
			continue
		}
		g, problem := c.groupOf(r, finder)
		if problem != nil || !c.Reaches(g.OrganizationID) || !people.areTogether(r, g.ID) {
			continue
		}
		found[rows[i]] = kind.Found{
			Is: fmt.Sprintf("%s is still in %s, and stays there.", r.Label, g.Name),
			Hint: "If that has ended, remove the person from the class or group. If not, correct this cell and upload the row " +
				"again.",
		}
	}
	return found, nil
}
