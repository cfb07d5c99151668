package database_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/migrations"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// everyKind are migrations with the kinds of statements that ours may have and do
// not have yet.
var everyKind = []migrations.File{
	{
		Name: "1_tables.sql",
		SQL: "CREATE TABLE `shelves` (`id` bigint NOT NULL AUTO_INCREMENT, `name` varchar(10) NOT NULL, `old` int NULL, " +
			"PRIMARY KEY (`id`));\nCREATE TABLE `books` (`id` bigint NOT NULL AUTO_INCREMENT, `shelf_id` bigint NOT NULL, " +
			"`title` varchar(20) NOT NULL, PRIMARY KEY (`id`), INDEX `book_title` (`title`), CONSTRAINT `books_shelves` " +
			"FOREIGN KEY (`shelf_id`) REFERENCES `shelves` (`id`));",
	},
	{
		Name: "2_rows.sql",
		SQL: "INSERT INTO `shelves` (`name`, `old`) VALUES ('a', 1), ('b', 2);\nINSERT INTO `books` (`shelf_id`, `title`) " +
			"SELECT `id`, `name` FROM `shelves`;\nUPDATE `shelves` SET `name` = CONCAT(`name`, '!');\nDELETE " +
			"FROM `books` WHERE `title` = 'b';",
	},
	{
		Name: "3_columns.sql",
		SQL: "ALTER TABLE `shelves` ADD COLUMN `height` int NOT NULL DEFAULT 0;\nALTER TABLE `shelves` MODIFY COLUMN " +
			"`name` varchar(100) NOT NULL;\nALTER TABLE `shelves` DROP COLUMN `old`, ADD COLUMN `new` int NULL, ADD INDEX " +
			"`shelf_name` (`name`);\nALTER TABLE `shelves` CHANGE COLUMN `height` `inches` int NOT NULL DEFAULT 0;",
	},
	{
		Name: "4_indexes.sql",
		SQL: "CREATE UNIQUE INDEX `book_title_shelf` ON `books` (`title`, `shelf_id`);\nDROP INDEX `book_title` ON " +
			"`books`;\nALTER TABLE `books` DROP FOREIGN KEY `books_shelves`;\nALTER TABLE `books` ADD CONSTRAINT " +
			"`books_on_shelves` FOREIGN KEY (`shelf_id`) REFERENCES `shelves` (`id`);",
	},
	{
		Name: "5_triggers.sql",
		SQL: "CREATE TRIGGER `books_stay` BEFORE DELETE ON `books` FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = " +
			"'no';\nCREATE TRIGGER `shelves_stay` BEFORE DELETE ON `shelves` FOR EACH ROW SIGNAL SQLSTATE '45000' " +
			"SET MESSAGE_TEXT = 'no';\nDROP TRIGGER `books_stay`;",
	},
	{Name: "6_ends.sql", SQL: "CREATE TABLE `lamps` (`id` bigint NOT NULL, PRIMARY KEY (`id`));\nRENAME TABLE `lamps` TO `lights`;\nCREATE TABLE `rugs` (`id` bigint NOT NULL, PRIMARY KEY (`id`));\nDROP TABLE `rugs`;"},
}

func never(database.Moment, string) error { return nil }

// cutIf ends a migrator.
func cutIf(cut bool) error {
	if cut {
		return database.ErrCutOff
	}
	return nil
}

// TestAMigrationCutOffAnywhereGoesOn ends a migration at each of its statements, as
// kill -9 does: when the statement has been noted, and when it has committed and
// that has not been noted. The next start must build what an undisturbed one builds.
func TestAMigrationCutOffAnywhereGoesOn(t *testing.T) {
	t.Parallel()
	ours, err := migrations.Files("mysql")
	if err != nil {
		t.Fatal(err)
	}
	for name, files := range map[string][]migrations.File{"ours": ours, "every kind of statement": everyKind} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, conn := empty(t)
			if _, err := d.MigrateFiles(t.Context(), files, never); err != nil {
				t.Fatal(err)
			}
			want := built(t, conn)
			d, conn = empty(t)
			cuts := map[string]bool{}
			cutOnce := func(m database.Moment, statement string) error {
				key := fmt.Sprint(m, statement)
				first := !cuts[key]
				cuts[key] = true
				return cutIf(first)
			}
			for {
				_, err := d.MigrateFiles(t.Context(), files, cutOnce)
				if err == nil {
					break
				}
				if !errors.Is(err, database.ErrCutOff) {
					t.Fatal(err)
				}
				leaseRunsOut(t, conn)
			}
			if n := len(statements(t, files)); len(cuts) != 2*n {
				t.Errorf("cut off %d times in %d statements", len(cuts), n)
			}
			mustBeBuilt(t, built(t, conn), want)
		})
	}
}

// TestADatabaseThatAnOlderServerLeftStuckIsRepaired has a server of the version
// that noted a statement only afterwards die at each statement.
func TestADatabaseThatAnOlderServerLeftStuckIsRepaired(t *testing.T) {
	t.Parallel()
	files, err := migrations.Files("mysql")
	if err != nil {
		t.Fatal(err)
	}
	reference, conn := empty(t)
	if _, err := reference.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := built(t, conn)
	t.Run("at the first start", func(t *testing.T) {
		t.Parallel()
		d, conn := empty(t)
		run(t, conn, olderTable)
		run(t, conn, "INSERT INTO schema_revisions (name, applied, total) VALUES (?, 0, ?)", files[0].Name,
			len(statements(t, files[:1])))
		run(t, conn, statements(t, files)[0])
		if _, err := d.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		mustBeBuilt(t, built(t, conn), want)
	})
	t.Run("anywhere", func(t *testing.T) {
		t.Parallel()
		d, conn := empty(t)
		done := map[string]bool{}
		for {
			last := ""
			_, err := d.MigrateFiles(t.Context(), files, func(m database.Moment, statement string) error {
				last = statement
				return cutIf(m == database.Noted && !done[statement])
			})
			if err == nil {
				break
			}
			if !errors.Is(err, database.ErrCutOff) {
				t.Fatal(err)
			}
			done[last] = true
			// The older server runs it and dies; its note is that of the statement before.
			run(t, conn, last)
			// Older migrations removed nothing; migrations that do have always been noted.
			if !strings.Contains(last, " DROP ") {
				run(t, conn, "UPDATE schema_revisions SET begun = NULL, tables_before = NULL")
			}
			leaseRunsOut(t, conn)
		}
		if n := len(statements(t, files)); len(done) != n {
			t.Errorf("stuck at %d of %d statements", len(done), n)
		}
		mustBeBuilt(t, built(t, conn), want)
	})
	t.Run("a table of that name that no migration has made is an error", func(t *testing.T) {
		t.Parallel()
		d, conn := empty(t)
		run(t, conn, olderTable)
		run(t, conn, "INSERT INTO schema_revisions (name, applied, total) VALUES (?, 0, 5)", files[0].Name)
		run(t, conn, "CREATE TABLE `sign_in_marks` (`id` bigint NOT NULL, `mine` int NOT NULL)")
		if _, err := d.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "sign_in_marks") {
			t.Errorf("got %v", err)
		}
	})
}

const olderTable = "CREATE TABLE schema_revisions (name VARCHAR(190) NOT NULL PRIMARY KEY, applied INTEGER NOT NULL, " +
	"total INTEGER NOT NULL)"

func statements(t *testing.T, files []migrations.File) (all []string) {
	t.Helper()
	for _, f := range files {
		list, err := database.Split(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, list...)
	}
	return all
}

func empty(t *testing.T) (*database.DB, *sql.DB) {
	t.Helper()
	url := dbtest.EmptyMySQL(t)
	d, err := database.Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	conn, err := database.OpenSQL(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return d, conn
}

func run(t *testing.T, conn *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := conn.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// leaseRunsOut lets the time go by that a dead migrator keeps the lease.
func leaseRunsOut(t *testing.T, conn *sql.DB) {
	t.Helper()
	run(t, conn, "UPDATE schema_lease SET until = NOW(6) - INTERVAL 1 SECOND")
}

var nextNumber = regexp.MustCompile(` AUTO_INCREMENT=[0-9]+`)

// built returns the definitions of all tables and triggers, and the rows of tables that a
// migration fills.
func built(t *testing.T, conn *sql.DB) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, table := range texts(t, conn,
		"SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()") {
		if table == "schema_lease" {
			continue
		}
		var name, definition string
		if err := conn.QueryRowContext(t.Context(), "SHOW CREATE TABLE `"+table+"`").Scan(&name, &definition); err != nil {
			t.Fatal(err)
		}
		all[table] = nextNumber.ReplaceAllString(definition, "")
	}
	all["triggers"] = strings.Join(texts(t, conn,
		"SELECT CONCAT(trigger_name, action_statement) FROM information_schema.triggers "+
			"WHERE trigger_schema = DATABASE() ORDER BY trigger_name"), "\n")
	all["notes"] = strings.Join(
		texts(t, conn, "SELECT CONCAT(name, ' ', applied, ' ', total) FROM schema_revisions ORDER BY name"), "\n")
	for table, column := range map[string]string{"shelves": "name", "books": "title"} {
		if all[table] != "" {
			all[table+" rows"] = strings.Join(texts(t, conn, "SELECT "+column+" FROM "+table+" ORDER BY "+column), "\n")
		}
	}
	return all
}

func texts(t *testing.T, conn *sql.DB, query string) (list []string) {
	t.Helper()
	rows, err := conn.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

func mustBeBuilt(t *testing.T, got, want map[string]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] != want[name] {
			t.Errorf("%s is\n%s\nwant\n%s", name, got[name], want[name])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d definitions, want %d", len(got), len(want))
	}
}
