package row

import (
	"context"
	"database/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
)

// StillAs reports whether the columns that a row has set hold what it set.
func (r *Applied) StillAs(now map[string]any) bool {
	for column, value := range r.Plan.Set {
		if is, known := now[column]; known && is != value {
			return false
		}
	}
	return true
}

// Use is a column that refers to something which an undo would remove, and what
// that means in words.
type Use struct{ Table, Column, Also, Why string }

// Uses returns which of some things are referred to, each with one of the uses.
func Uses(ctx context.Context, client *db.Client, ids []int, uses []Use) (map[int]string, error) {
	used := map[int]string{}
	if len(ids) == 0 {
		return used, nil
	}
	for _, u := range uses {
		query := "SELECT DISTINCT " + u.Column + " FROM `" + u.Table + "` WHERE " + u.Column + " IN (" +
			bulk.Placeholders(len(ids)) + ")"
		if u.Also != "" {
			query += " AND " + u.Also
		}
		err := bulk.Each(ctx, client, query, bulk.Args(ids), func(row *sql.Rows) error {
			var id int
			err := row.Scan(&id)
			used[id] = u.Why
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return used, nil
}
