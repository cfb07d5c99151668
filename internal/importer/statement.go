package importer

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"homeroom/ent/db"
)

// statementRows is how many rows one statement writes or names.
const statementRows = 500

// statementBytes bounds the values of one statement; MySQL refuses one of 16 MiB.
const statementBytes = 4 << 20

// insertRows inserts rows into a table, several with one statement.
func insertRows(ctx context.Context, client *db.Client, table, columns string, rows [][]any) error {
	for len(rows) > 0 {
		n := fitting(rows)
		chunk := rows[:n]
		rows = rows[n:]
		args := make([]any, 0, len(chunk)*len(chunk[0]))
		for _, row := range chunk {
			args = append(args, row...)
		}
		place := "(" + places(len(chunk[0])) + ")"
		query := "INSERT INTO `" + table + "` (" + columns + ") VALUES " + strings.TrimSuffix(strings.Repeat(place+", ", len(chunk)), ", ")
		if _, err := client.ExecContext(ctx, query, args...); err != nil {
			return fmt.Errorf("insert into %s: %w", table, err)
		}
	}
	return nil
}

// fitting returns how many of the first rows one statement holds, at least one.
func fitting(rows [][]any) int {
	size := 0
	for i, row := range rows[:min(len(rows), statementRows)] {
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
	return min(len(rows), statementRows)
}

// changed is one row of a table and what of it changes, by column.
type changed struct {
	id  int
	set map[string]any
}

// updateRows changes rows of a table, several with one statement, of which also
// is a further assignment, such as "version = version + 1", or empty.
//
// It is an UPDATE with a CASE for each column and not an upsert: where an upsert
// meets a second unique index it changes another row than the one that is meant.
func updateRows(ctx context.Context, client *db.Client, table, also string, rows []changed) error {
	for chunk := range slices.Chunk(rows, statementRows/2) {
		byColumn := map[string][]changed{}
		ids := make([]any, len(chunk))
		for i, row := range chunk {
			ids[i] = row.id
			for column := range row.set {
				byColumn[column] = append(byColumn[column], row)
			}
		}
		var sets []string
		var args []any
		for _, column := range slices.Sorted(maps.Keys(byColumn)) {
			cases := byColumn[column]
			if len(cases) == len(chunk) && allSame(cases, column) {
				sets = append(sets, "`"+column+"` = ?")
				args = append(args, cases[0].set[column])
				continue
			}
			sets = append(sets, fmt.Sprintf("`%s` = CASE id %sELSE `%s` END", column, strings.Repeat("WHEN ? THEN ? ", len(cases)), column))
			for _, row := range cases {
				args = append(args, row.id, row.set[column])
			}
		}
		if also != "" {
			sets = append(sets, also)
		}
		if len(sets) == 0 {
			continue
		}
		query := "UPDATE `" + table + "` SET " + strings.Join(sets, ", ") + " WHERE id IN (" + places(len(ids)) + ")"
		if _, err := client.ExecContext(ctx, query, append(args, ids...)...); err != nil {
			return fmt.Errorf("update %s: %w", table, err)
		}
	}
	return nil
}

// allSame reports whether rows get the same value of a column, for which a
// statement needs no CASE, the longest part of it.
func allSame(rows []changed, column string) bool {
	first := rows[0].set[column]
	return !slices.ContainsFunc(rows, func(row changed) bool { return !reflect.DeepEqual(row.set[column], first) })
}

// places returns n placeholders, separated by commas.
func places(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// anys turns numbers or texts into arguments.
func anys[T any](list []T) []any {
	args := make([]any, len(list))
	for i, v := range list {
		args[i] = v
	}
	return args
}

// mustHitOne returns errLost where a conditional UPDATE met no row.
func mustHitOne(result sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err != nil {
		return err
	}
	if n != 1 {
		return errLost
	}
	return nil
}

// readBytes reads one value of one row.
func readBytes(ctx context.Context, client *db.Client, query string, args ...any) (value []byte, err error) {
	rows, err := client.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() {
		if end := rows.Close(); err == nil {
			err = end
		}
	}()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("%w: a stored value is missing", sql.ErrNoRows)
	}
	err = rows.Scan(&value)
	return value, err
}
