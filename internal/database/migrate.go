package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"ariga.io/atlas/sql/migrate"

	"github.com/openhomeroom/homeroom/ent/migrations"
)

// revisionTable records the progress of each migration. On MySQL it has two more columns;
// see migrateMySQL.
const revisionTable = `CREATE TABLE IF NOT EXISTS schema_revisions (
	name VARCHAR(190) NOT NULL PRIMARY KEY,
	applied INTEGER NOT NULL,
	total INTEGER NOT NULL
)`

// Migrate brings the tables up to date and returns the names of the migrations that it has
// applied. Several servers may call it at the same time: one migrates, the others wait. If
// there is nothing to do, it writes nothing, so that a server also starts on a database
// that is read-only for a while.
func (d *DB) Migrate(ctx context.Context) ([]string, error) {
	files, err := migrations.Files(string(d.kind))
	if err != nil {
		return nil, err
	}
	pending, err := d.Pending(ctx)
	if err != nil {
		return nil, err
	}
	if len(pending) == 0 {
		return nil, d.mendCurrent(ctx)
	}
	if d.kind == MySQL {
		return newMigrator(d).run(ctx, files)
	}
	conn, err := d.sql.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	done, err := migrateSQLite(ctx, conn, files)
	if err != nil {
		return done, err
	}
	return done, d.mendCurrent(ctx)
}

// mendCurrent creates missing guards of tables that are up to date. Usually none are
// missing, and then it does not wait for the writer.
func (d *DB) mendCurrent(ctx context.Context) error {
	missing, err := d.missingGuards(ctx, d.sql)
	if err != nil || len(missing) == 0 {
		return err
	}
	if d.kind == MySQL {
		_, err = newMigrator(d).run(ctx, nil)
	} else {
		err = d.mendSQLite(ctx)
	}
	if t := TroubleOf(err); t == ReadOnly || t == Full {
		return nil // A later start creates them; nobody can change the trail meanwhile.
	}
	return err
}

func (d *DB) mendSQLite(ctx context.Context) error {
	conn, err := d.sql.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = inImmediate(ctx, conn, func() (bool, error) { return true, d.mend(ctx, conn) })
	return err
}

// Pending returns the names of the migrations that have not been applied.
func (d *DB) Pending(ctx context.Context) ([]string, error) {
	files, err := migrations.Files(string(d.kind))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range files {
		var applied, total int
		err := d.ready.QueryRowContext(ctx, "SELECT applied, total FROM schema_revisions WHERE name = ?", f.Name).
			Scan(&applied, &total)
		switch {
		// Before the first migration there is no such table; both kinds of databases name
		// it in their error.
		case err != nil && !errors.Is(err, sql.ErrNoRows) && !strings.Contains(err.Error(), "schema_revisions"):
			return nil, err
		case err != nil || applied < total:
			names = append(names, f.Name)
		}
	}
	return names, nil
}

// migrateSQLite applies each file in one transaction. Rebuilding a table drops the old
// one, which would delete the rows that refer to it. So foreign keys are switched off
// before the transaction, the only time when that works, and checked before the commit.
func migrateSQLite(ctx context.Context, conn *sql.Conn, files []migrations.File) (done []string, err error) {
	if _, err := conn.ExecContext(ctx, "PRAGMA foreign_keys = OFF"); err != nil {
		return nil, err
	}
	defer func() {
		_, on := conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA foreign_keys = ON")
		err = errors.Join(err, on)
	}()
	for _, f := range files {
		applied, err := inImmediate(ctx, conn, func() (bool, error) { return applySQLite(ctx, conn, f) })
		if err != nil {
			return done, fmt.Errorf("migration %s: %w", f.Name, err)
		}
		if applied {
			done = append(done, f.Name)
		}
	}
	return done, nil
}

func inImmediate(ctx context.Context, conn *sql.Conn, fn func() (bool, error)) (bool, error) {
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return false, err
	}
	applied, err := fn()
	if err != nil {
		_, undo := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		return false, errors.Join(err, undo)
	}
	_, err = conn.ExecContext(ctx, "COMMIT")
	return applied, err
}

func applySQLite(ctx context.Context, conn *sql.Conn, f migrations.File) (bool, error) {
	if _, err := conn.ExecContext(ctx, revisionTable); err != nil {
		return false, err
	}
	applied, err := appliedStatements(ctx, conn, f.Name)
	if err != nil || applied > 0 {
		return false, err
	}
	statements, err := split(f)
	if err != nil {
		return false, err
	}
	for _, s := range statements {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			return false, err
		}
	}
	var table string
	var row, parent, key any
	switch err := conn.QueryRowContext(ctx, "PRAGMA foreign_key_check").Scan(&table, &row, &parent, &key); {
	case err == nil:
		return false, fmt.Errorf("row %v of %s refers to a row of %v that does not exist", row, table, parent)
	case !errors.Is(err, sql.ErrNoRows):
		return false, err
	}
	_, err = conn.ExecContext(ctx, "INSERT INTO schema_revisions (name, applied, total) VALUES (?, ?, ?)", f.Name,
		len(statements), len(statements))
	return true, err
}

func appliedStatements(ctx context.Context, conn *sql.Conn, name string) (int, error) {
	var applied int
	err := conn.QueryRowContext(ctx, "SELECT applied FROM schema_revisions WHERE name = ?", name).Scan(&applied)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return applied, err
}

func split(f migrations.File) ([]string, error) {
	list, err := migrate.NewLocalFile(f.Name, []byte(f.SQL)).Stmts()
	if err != nil {
		return nil, fmt.Errorf("split %s: %w", f.Name, err)
	}
	return list, nil
}
