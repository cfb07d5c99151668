package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/openhomeroom/homeroom/internal/database"
)

// EmptyMySQL returns the address of a MySQL database without tables that ends with the
// test, for tests of migrations.
func EmptyMySQL(t testing.TB) string {
	t.Helper()
	url, drop, err := database.Scratch(context.Background(), Server(t), "homeroom_test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(drop)
	return url
}

// Server returns the address of the server on which tests may create databases. Without
// one the test is skipped; see Lacks.
func Server(t testing.TB) string {
	t.Helper()
	url := os.Getenv(ServerVariable)
	if url == "" {
		Lacks(t, "%s is not set: run `make test`, or name a MySQL or MariaDB server on which the "+
			"tests may create databases", ServerVariable)
	}
	return url
}

// Lacks skips a test because the machine lacks something, and says what. In CI the test
// fails instead: nothing may be missing there.
func Lacks(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// mysqlCopy makes a migrated MySQL database that ends with the test, and returns its
// URL.
func mysqlCopy(t testing.TB) string {
	t.Helper()
	Server(t)
	s, err := mysqlTemplate()
	if err != nil {
		t.Fatal(err)
	}
	url := EmptyMySQL(t)
	if err := s.write(url); err != nil {
		t.Fatal(err)
	}
	return url
}

// mysqlTemplate is what the migrations make of a MySQL database, found out once in a
// process: they look at the tables between any two statements, and so take some times
// as long as the statements that make the tables as they are in the end.
var mysqlTemplate = sync.OnceValues(func() (script, error) {
	ctx := context.Background()
	url, drop, err := database.Scratch(ctx, os.Getenv(ServerVariable), "homeroom_test")
	if err != nil {
		return nil, err
	}
	defer drop()
	d, err := database.Open(ctx, url)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	if _, err := d.Migrate(ctx); err != nil {
		return nil, err
	}
	return readScript(url)
})

// script makes the tables of a MySQL database, their rows and their triggers, in this
// order.
type script []statement

type statement struct {
	text   string
	values []any
}

// write carries a script out on an empty database.
func (s script) write(url string) error {
	conn, err := single(url)
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, st := range s {
		if _, err := conn.Exec(st.text, st.values...); err != nil {
			return fmt.Errorf("%s: %w", st.text, err)
		}
	}
	return nil
}

// single opens one connection, on which tables are made in any order.
func single(url string) (*sql.DB, error) {
	conn, err := database.OpenSQL(url)
	if err != nil {
		return nil, err
	}
	conn.SetMaxOpenConns(1)
	if _, err := conn.Exec("SET SESSION foreign_key_checks = 0"); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// readScript reads the script that makes a database as it is.
func readScript(url string) (script, error) {
	conn, err := single(url)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	tables, err := rowsOf(conn, "SHOW TABLES")
	if err != nil {
		return nil, err
	}
	var s script
	for _, table := range tables {
		made, err := rowsOf(conn, "SHOW CREATE TABLE `"+table[0].(string)+"`")
		if err != nil {
			return nil, err
		}
		s = append(s, statement{text: made[0][1].(string)})
	}
	for _, table := range tables {
		rows, err := rowsOf(conn, "SELECT * FROM `"+table[0].(string)+"`")
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			s = append(s,
				statement{"INSERT INTO `" + table[0].(string) + "` VALUES (?" + strings.Repeat(", ?", len(row)-1) + ")", row})
		}
	}
	triggers, err := rowsOf(conn, "SHOW TRIGGERS")
	if err != nil {
		return nil, err
	}
	for _, trigger := range triggers {
		made, err := rowsOf(conn, "SHOW CREATE TRIGGER `"+trigger[0].(string)+"`")
		if err != nil {
			return nil, err
		}
		s = append(s, statement{text: made[0][2].(string)})
	}
	return s, nil
}

// rowsOf returns the rows of a query, with texts as strings; other values stay bytes.
func rowsOf(conn *sql.DB, query string) (list [][]any, err error) {
	rows, err := conn.Query(query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		for i, v := range row {
			if b, ok := v.([]byte); ok && utf8.Valid(b) {
				row[i] = string(b)
			}
		}
		list = append(list, row)
	}
	return list, rows.Err()
}
