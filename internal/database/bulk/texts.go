package bulk

import (
	"context"
	"database/sql"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
)

// The characters that separate values and rows of a joined text. Stored texts do not
// contain them (roster.Clean); if one does all the same, it is noticed.
const (
	unitSeparator   = "\x1f"
	recordSeparator = "\x1e"
)

// EachText reads the rows of SELECT columns rest and passes on their values as texts, in
// no particular order. No value may be NULL.
//
// It is for statements that read as many rows as a file has. On SQLite, each value of each
// row needs a call into the engine, and together these calls take longer than finding the
// rows. So on SQLite all rows come as one text, in half the time.
func EachText(ctx context.Context, d *database.DB, columns []string, rest string, args []any,
	read func(values []string) error) error {
	client := d.Client(ctx)
	if d.Kind() == database.SQLite {
		rows, ok, err := joinedTexts(ctx, client, columns, rest, args)
		for i := 0; err == nil && ok && i < len(rows); i++ {
			err = read(rows[i])
		}
		if err != nil || ok {
			return err
		}
	}
	values, places := make([]string, len(columns)), make([]any, len(columns))
	for i := range values {
		places[i] = &values[i]
	}
	return Each(ctx, client, "SELECT "+strings.Join(columns, ", ")+" "+rest, args, func(row *sql.Rows) error {
		if err := row.Scan(places...); err != nil {
			return err
		}
		return read(values)
	})
}

// joinedTexts lets the engine join all values to one text. ok is false if the text has
// another number of separators than expected: then a value contains one of them.
func joinedTexts(ctx context.Context, client *db.Client, columns []string, rest string, args []any) (rows [][]string,
	ok bool, err error) {
	query := "SELECT count(*), coalesce(group_concat(concat_ws(char(31), " + strings.Join(columns, ", ") +
		"), char(30)), '') " + rest
	var n int
	var text string
	err = Each(ctx, client, query, args, func(row *sql.Rows) error { return row.Scan(&n, &text) })
	if err != nil || n == 0 {
		return nil, err == nil, err
	}
	if strings.Count(text, recordSeparator) != n-1 || strings.Count(text, unitSeparator) != n*(len(columns)-1) {
		return nil, false, nil
	}
	values := make([]string, 0, n*len(columns))
	for row := range strings.SplitSeq(text, recordSeparator) {
		from := len(values)
		for value := range strings.SplitSeq(row, unitSeparator) {
			values = append(values, value)
		}
		rows = append(rows, values[from:])
	}
	return rows, true, nil
}
