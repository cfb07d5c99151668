package bulk

import (
	"context"
	"database/sql"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
)

// The characters that divide values and rows of a joined text. No text on record
// has them (roster.Clean); where one does all the same, it is noticed.
const (
	unitSeparator   = "\x1f"
	recordSeparator = "\x1e"
)

// EachText reads the rows of SELECT columns rest and hands out their values as
// texts, in no order. No value may be NULL.
//
// It is for statements that read as many rows as a file has. On SQLite each value
// of each row is a call into the engine with a cost of its own, which adds up to
// more than finding the rows; there they come as one text, in half the time.
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

// joinedTexts lets the engine join all values to one text. It is not ok where the
// text has not as many separators as it should: then one of them is in a value.
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
