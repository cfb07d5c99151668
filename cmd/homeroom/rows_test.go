package main_test

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
)

// open opens the database of an installation while its servers run.
func (in installation) open() *sql.DB {
	in.t.Helper()
	conn, err := database.OpenSQL(in.url)
	if err != nil {
		in.t.Fatal(err)
	}
	return conn
}

// queried returns the rows that a query finds, every value as text.
func queried(t testing.TB, conn *sql.DB, query string, args ...any) (columns []string, found [][]string) {
	t.Helper()
	rows, err := conn.QueryContext(context.Background(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	if columns, err = rows.Columns(); err != nil {
		t.Fatal(err)
	}
	values, places := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		places[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			t.Fatal(err)
		}
		texts := make([]string, len(values))
		for i, v := range values {
			switch v := v.(type) {
			case nil:
				texts[i] = "NULL"
			case []byte:
				texts[i] = string(v)
			default:
				texts[i] = fmt.Sprint(v)
			}
		}
		found = append(found, texts)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return columns, found
}

// contents is the content of the tables that a job writes to, each row as a line of text,
// in order.
type contents map[string][]string

// contents reads whole tables, whatever columns they have, except for values that two runs
// of the same job may give differently: keys, times, leases, and values that are hashed or
// encrypted with something random. Students are named by Student ID.
func (in installation) contents() contents {
	in.t.Helper()
	conn := in.open()
	defer conn.Close()
	students := map[string]string{"0": "nobody"}
	_, rows := queried(in.t, conn, "SELECT id, district_id, external_id FROM students")
	for _, row := range rows {
		students[row[0]] = row[1] + "/" + row[2]
	}
	all := contents{}
	for _, table := range []string{
		"organizations", "groups", "group_educators", "role_assignments", "students", "student_words", "enrollments",
		"bulk_jobs", "bulk_job_rows", "bulk_job_problems", "bulk_job_refused_rows", "bulk_job_chunks",
	} {
		columns, rows := queried(in.t, conn, "SELECT * FROM `"+table+"`")
		lines := make([]string, len(rows))
		for i, row := range rows {
			var line strings.Builder
			for c, column := range columns {
				fmt.Fprintf(&line, "%s=%q ", column, stable(column, row[c], students))
			}
			lines[i] = line.String()
		}
		slices.Sort(lines)
		all[table] = lines
	}
	return all
}

// stable is a value as it must be the same in every run.
func stable(column, value string, students map[string]string) string {
	switch {
	case column == "id", column == "created_at", column == "lease_owner", column == "lease_until", column == "fence",
		column == "abandoned", column == "key_print", column == "cells", column == "sealed":
		return ""
	case column == "student_id", column == "target_id":
		return students[value]
	case strings.HasSuffix(column, "_at") && value != "NULL":
		return "then"
	case column == "password_hash" && value != "NULL" && value != "":
		return "set"
	case column == "cause" && value != "":
		return "a digest with a key of the job"
	case column == "before":
		return printOfPassword.ReplaceAllString(value, `"password":"set"`)
	}
	return value
}

// printOfPassword is the digest of a hash in what a row has replaced.
var printOfPassword = regexp.MustCompile(`"password":"[0-9a-f]{32}"`)

// mustEqual compares the results of two runs, row by row.
func (c contents) mustEqual(t *testing.T, undisturbed contents) {
	t.Helper()
	for table, want := range undisturbed {
		got := c[table]
		if slices.Equal(got, want) {
			continue
		}
		t.Errorf("%s: %d rows, want %d", table, len(got), len(want))
		report(t, "there, but should not be", got, want)
		report(t, "missing", want, got)
	}
}

// report shows the first lines that occur in one sorted list more often than in another.
func report(t *testing.T, what string, some, others []string) {
	t.Helper()
	times := map[string]int{}
	for _, line := range others {
		times[line]++
	}
	shown := 0
	for _, line := range some {
		if times[line]--; times[line] < 0 && shown < 3 {
			shown++
			t.Logf("%s: %s", what, line)
		}
	}
}
