package importer

import (
	"context"
	"database/sql"

	"homeroom/ent/db"
)

// stillAs reports whether the columns that a row has set hold what it set.
func (r *undoRow) stillAs(now map[string]any) bool {
	for column, value := range r.plan.Set {
		if is, known := now[column]; known && is != value {
			return false
		}
	}
	return true
}

// use is a column that refers to something which an undo would remove, and what
// that means in words.
type use struct{ table, column, also, why string }

// usesOf returns which of some things are referred to, each with one of the uses.
func usesOf(ctx context.Context, client *db.Client, ids []int, uses []use) (map[int]string, error) {
	used := map[int]string{}
	if len(ids) == 0 {
		return used, nil
	}
	for _, u := range uses {
		query := "SELECT DISTINCT " + u.column + " FROM `" + u.table + "` WHERE " + u.column + " IN (" + places(len(ids)) + ")"
		if u.also != "" {
			query += " AND " + u.also
		}
		err := eachRow(ctx, client, query, anys(ids), func(row *sql.Rows) error {
			var id int
			err := row.Scan(&id)
			used[id] = u.why
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return used, nil
}
