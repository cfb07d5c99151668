package school

import (
	"context"
	"fmt"

	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// OnRecord implements kind.Finder: it finds the schools of rows that say that a school is
// closed.
func (c *organizationCheck) OnRecord(_ context.Context, rows []*sheet.Row) (map[*sheet.Row]kind.Found, error) {
	found := map[*sheet.Row]kind.Found{}
	for _, r := range rows {
		for _, column := range []string{field.ColDatabaseID, field.ColExternalID, field.ColName} {
			cell := roster.Clean(r.Text(column))
			if cell == "" {
				continue
			}
			if o, _ := c.Schools.Find(cell); o != nil {
				r.Label = o.Name
				found[r] = kind.Found{
					Is: fmt.Sprintf("%s is still on record, and stays as before.", o.Name),
					Hint: "If the school is closed, move or delete its students. If it is not, correct this cell and upload the row " +
						"again.",
				}
			}
			break
		}
	}
	return found, nil
}
