package dbtest_test

import (
	"context"
	"reflect"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// TestACopyIsWhatTheMigrationsMake compares the databases of tests with one that was
// migrated like a real one.
func TestACopyIsWhatTheMigrationsMake(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	migrated := dbtest.EmptyMySQL(t)
	d, err := database.Open(ctx, migrated)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if _, err := d.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	want := describe(t, migrated)
	address := dbtest.URL(t, database.MySQL)
	if got := describe(t, address); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	if tables, triggers := len(want["tables"]), len(want["triggers"]); tables < 30 || triggers < 4 {
		t.Errorf("there are %d tables and %d triggers", tables, triggers)
	}
	again, err := database.Open(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { again.Close() })
	if done, err := again.Migrate(ctx); err != nil || len(done) > 0 {
		t.Errorf("migrations of a copy: %v, %v", done, err)
	}
}

// describe is all that the server says of a database, its name aside.
func describe(t *testing.T, address string) map[string][]map[string]string {
	t.Helper()
	conn, err := database.OpenSQL(address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	all := map[string][]map[string]string{}
	for what, query := range map[string]string{
		"tables":      "SELECT table_name, engine, row_format, table_collation, create_options, table_comment, auto_increment FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1",
		"columns":     "SELECT table_name, ordinal_position, column_name, column_default, is_nullable, column_type, collation_name, extra, column_comment FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY 1, 2",
		"indices":     "SELECT table_name, index_name, seq_in_index, column_name, non_unique, collation, sub_part, index_type FROM information_schema.statistics WHERE table_schema = DATABASE() ORDER BY 1, 2, 3",
		"references":  "SELECT table_name, constraint_name, column_name, ordinal_position, referenced_table_name, referenced_column_name FROM information_schema.key_column_usage WHERE table_schema = DATABASE() ORDER BY 1, 2, 4",
		"rules":       "SELECT table_name, constraint_name, unique_constraint_name, match_option, update_rule, delete_rule FROM information_schema.referential_constraints WHERE constraint_schema = DATABASE() ORDER BY 1, 2",
		"constraints": "SELECT table_name, constraint_name, constraint_type FROM information_schema.table_constraints WHERE table_schema = DATABASE() ORDER BY 1, 2",
		"triggers":    "SELECT trigger_name, event_manipulation, event_object_table, action_order, action_timing, action_statement, sql_mode, definer, collation_connection FROM information_schema.triggers WHERE trigger_schema = DATABASE() ORDER BY 1",
		"revisions":   "SELECT * FROM schema_revisions ORDER BY name",
		"lease":       "SELECT name, owner FROM schema_lease",
	} {
		rows, err := conn.Query(query)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values, into := make([]*string, len(columns)), make([]any, len(columns))
			for i := range into {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			row := map[string]string{}
			for i, v := range values {
				if v != nil {
					row[columns[i]] = *v
				}
			}
			all[what] = append(all[what], row)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}
