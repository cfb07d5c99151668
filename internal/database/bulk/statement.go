// Package bulk writes and reads many rows with few statements: multi-row INSERT,
// UPDATE with a CASE for each row, and long lists of values.
package bulk

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
)

// StatementRows is how many rows one statement writes or names.
const StatementRows = 500

// statementBytes limits the values of one statement; MySQL refuses a statement of 16 MiB.
const statementBytes = 4 << 20

// Insert inserts rows into a table, several with one statement.
func Insert(ctx context.Context, client *db.Client, table, columns string, rows [][]any) error {
	for len(rows) > 0 {
		n := fitting(rows)
		chunk := rows[:n]
		rows = rows[n:]
		args := make([]any, 0, len(chunk)*len(chunk[0]))
		for _, row := range chunk {
			args = append(args, row...)
		}
		place := "(" + Placeholders(len(chunk[0])) + ")"
		query := "INSERT INTO `" + table + "` (" + columns + ") VALUES " +
			strings.TrimSuffix(strings.Repeat(place+", ", len(chunk)), ", ")
		if _, err := client.ExecContext(ctx, query, args...); err != nil {
			return fmt.Errorf("insert into %s: %w", table, err)
		}
	}
	return nil
}

// fitting returns how many of the first rows fit into one statement; it is at least one.
func fitting(rows [][]any) int {
	size := 0
	for i, row := range rows[:min(len(rows), StatementRows)] {
		for _, value := range row {
			switch v := value.(type) {
			case string:
				size += len(v)
			case []byte:
				size += len(v)
			}
		}
		if size > statementBytes && i > 0 {
			return i
		}
	}
	return min(len(rows), StatementRows)
}

// Change is one row of a table with its new values, by column.
type Change struct {
	ID  int
	Set map[string]any
}

// FromKey is a value of a column: the key of the row itself plus a number. Rows that were
// written in the order of other rows can refer to them by the same number, so one
// statement is enough for all of them.
type FromKey int

// enoughAlike is how many rows with the same new values get a statement of their own.
const enoughAlike = 8

// casesAtOnce is how many rows one statement with CASE changes: for each row, the
// databases go through all cases.
const casesAtOnce = 100

// Update changes rows of a table, several with one statement. also is a further
// assignment, such as "version = version + 1", or empty.
//
// Rows with different values are written by an UPDATE with a CASE for each column and not
// by an upsert: if an upsert meets a second unique index, it changes another row than the
// one that is meant.
func Update(ctx context.Context, client *db.Client, table, also string, rows []Change) error {
	groups, others := alike(rows)
	for _, group := range groups {
		for chunk := range slices.Chunk(group, StatementRows) {
			if err := updateAlike(ctx, client, table, also, chunk); err != nil {
				return err
			}
		}
	}
	for chunk := range slices.Chunk(others, casesAtOnce) {
		if err := updateCases(ctx, client, table, also, chunk); err != nil {
			return err
		}
	}
	return nil
}

// updateAlike changes rows that all get the same values.
func updateAlike(ctx context.Context, client *db.Client, table, also string, rows []Change) error {
	var sets []string
	var args []any
	for _, column := range slices.Sorted(maps.Keys(rows[0].Set)) {
		if n, ok := rows[0].Set[column].(FromKey); ok {
			sets = append(sets, "`"+column+"` = id + ?")
			args = append(args, int(n))
			continue
		}
		sets = append(sets, "`"+column+"` = ?")
		args = append(args, rows[0].Set[column])
	}
	return update(ctx, client, table, also, sets, args, rows)
}

// updateCases changes rows that each get different values.
func updateCases(ctx context.Context, client *db.Client, table, also string, rows []Change) error {
	byColumn := map[string][]Change{}
	for _, row := range rows {
		for column := range row.Set {
			byColumn[column] = append(byColumn[column], row)
		}
	}
	var sets []string
	var args []any
	for _, column := range slices.Sorted(maps.Keys(byColumn)) {
		cases := byColumn[column]
		if len(cases) == len(rows) && allSame(cases, column) {
			sets = append(sets, "`"+column+"` = ?")
			args = append(args, cases[0].value(column))
			continue
		}
		sets = append(sets,
			fmt.Sprintf("`%s` = CASE id %sELSE `%s` END", column, strings.Repeat("WHEN ? THEN ? ", len(cases)), column))
		for _, row := range cases {
			args = append(args, row.ID, row.value(column))
		}
	}
	return update(ctx, client, table, also, sets, args, rows)
}

func update(ctx context.Context, client *db.Client, table, also string, sets []string, args []any,
	rows []Change) error {
	if also != "" {
		sets = append(sets, also)
	}
	if len(sets) == 0 {
		return nil
	}
	query := "UPDATE `" + table + "` SET " + strings.Join(sets, ", ") + " WHERE id "
	if first, last := rows[0].ID, rows[len(rows)-1].ID; consecutive(rows) {
		query += "BETWEEN ? AND ?"
		args = append(args, first, last)
	} else {
		query += "IN (" + Placeholders(len(rows)) + ")"
		for _, row := range rows {
			args = append(args, row.ID)
		}
	}
	if _, err := client.ExecContext(ctx, query, args...); err != nil {
		return fmt.Errorf("update %s: %w", table, err)
	}
	return nil
}

// consecutive reports whether the keys of rows have no gap, so that a range can replace
// the list.
func consecutive(rows []Change) bool {
	for i, row := range rows {
		if row.ID != rows[0].ID+i {
			return false
		}
	}
	return true
}

// value returns the new value of a column.
func (c Change) value(column string) any {
	if n, ok := c.Set[column].(FromKey); ok {
		return c.ID + int(n)
	}
	return c.Set[column]
}

// alike returns groups of rows that get the same values, if enough rows do, and all other
// rows.
func alike(rows []Change) (groups [][]Change, others []Change) {
	var kinds []string
	byKind := map[string][]Change{}
	var text []byte
	for _, row := range rows {
		var known bool
		if text, known = row.appendKind(text[:0]); !known {
			others = append(others, row)
			continue
		}
		if byKind[string(text)] == nil {
			kinds = append(kinds, string(text))
		}
		byKind[string(text)] = append(byKind[string(text)], row)
	}
	for _, kind := range kinds {
		if group := byKind[kind]; len(group) >= enoughAlike {
			groups = append(groups, group)
		} else {
			others = append(others, group...)
		}
	}
	return groups, others
}

// appendKind appends a text that is equal for rows with the same new values, and reports
// whether the row has such a text.
func (c Change) appendKind(to []byte) ([]byte, bool) {
	for _, column := range slices.Sorted(maps.Keys(c.Set)) {
		to = append(append(to, column...), 0)
		switch v := c.Set[column].(type) {
		case nil:
			to = append(to, 'n')
		case int:
			to = strconv.AppendInt(append(to, 'i'), int64(v), 10)
		case int8:
			to = strconv.AppendInt(append(to, 'i'), int64(v), 10)
		case FromKey:
			to = strconv.AppendInt(append(to, 'k'), int64(v), 10)
		case string:
			to = append(strconv.AppendInt(append(to, 's'), int64(len(v)), 10), ' ')
			to = append(to, v...)
		case []byte:
			to = append(strconv.AppendInt(append(to, 'b'), int64(len(v)), 10), ' ')
			to = append(to, v...)
		case time.Time:
			to = strconv.AppendInt(append(to, 't'), v.UnixMicro(), 10)
		default:
			return to, false
		}
		to = append(to, 0)
	}
	return to, true
}

// allSame reports whether all rows get the same value in a column. Such a column needs no
// CASE, which is the longest part of a statement.
func allSame(rows []Change, column string) bool {
	first := rows[0].value(column)
	return !slices.ContainsFunc(rows, func(row Change) bool { return !reflect.DeepEqual(row.value(column), first) })
}

// Placeholders returns n placeholders, separated by commas.
func Placeholders(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// Args turns numbers or texts into arguments.
func Args[T any](list []T) []any {
	args := make([]any, len(list))
	for i, v := range list {
		args[i] = v
	}
	return args
}

// In returns the content of the parentheses of IN for some values. SQLite parses a
// statement again each time it is sent. With hundreds of placeholders this takes longer
// than finding the rows, so for SQLite the list is a single placeholder.
func In[T any](kind database.Kind, values []T) (text string, args []any, err error) {
	if kind != database.SQLite {
		return Placeholders(len(values)), Args(values), nil
	}
	list, err := json.Marshal(values)
	return "SELECT value FROM json_each(?)", []any{string(list)}, err
}

// Each reads the rows of a statement one by one.
func Each(ctx context.Context, client *db.Client, query string, args []any, read func(*sql.Rows) error) (err error) {
	rows, err := client.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := read(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
