package educator

import (
	"context"
	"fmt"

	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// OnRecord implements kind.Finder: it finds the accounts of rows that say that somebody has
// left.
func (c *educatorCheck) OnRecord(ctx context.Context, rows []*sheet.Row) (map[*sheet.Row]kind.Found, error) {
	names := func(r *sheet.Row) (texts []string) {
		for _, column := range []string{field.ColDatabaseID, field.ColExternalID, field.ColEmail} {
			if text := roster.Clean(r.Text(column)); text != "" {
				texts = append(texts, text)
			}
		}
		return texts
	}
	var texts []string
	for _, r := range rows {
		texts = append(texts, names(r)...)
	}
	finder, err := c.FindEducators(ctx, texts, nil)
	if err != nil {
		return nil, err
	}
	found := map[*sheet.Row]kind.Found{}
	for _, r := range rows {
		for _, text := range names(r) {
			e, problem := finder.Find(text)
			if problem != nil {
				continue
			}
			r.Label = reach.Label(e.FirstName, e.LastName, row.Deref(e.ExternalID))
			found[r] = kind.Found{
				Is: fmt.Sprintf("%s still has an account, which stays as before.", r.Label),
				Hint: "If the educator has left, take the roles away or disable the account. If not, correct this cell and " +
					"upload the row again.",
			}
			break
		}
	}
	return found, nil
}
