package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/openhomeroom/homeroom/ent/migrations"
)

// migrator applies migrations on MySQL and MariaDB, where every statement that defines a
// table commits by itself.
//
// Each such statement is noted before it runs, with a digest of the tables that it is
// about. A server that continues after another one died compares this digest with that of
// the tables as they are now. If they differ, the statement has been carried out. If they
// are equal, it has not been carried out, or is still running. Then it runs again, waits
// for the first one to end, and fails because what it creates already exists; the digest
// then shows that it was done. A statement that changes rows is one transaction with its
// note.
type migrator struct {
	db *DB
	// lasts is how long the lease lasts, and owner is who has it.
	lasts time.Duration
	owner string
	// at is called between notes and statements. If it returns an error, the migrator
	// stops as if it had crashed. Only tests set it.
	at func(moment Moment, statement string) error
	// mend creates the missing guards.
	mend func(ctx context.Context, conn connection) error
}

// Moment is a point between two writes of a migration.
type Moment int

// The moments at which a migration can be interrupted.
const (
	// Noted is after a statement was noted and before it runs.
	Noted Moment = iota
	// Ran is after the statement has committed and before that is noted.
	Ran
)

// errCutOff stops a migrator as if it had crashed.
var errCutOff = errors.New("database: the migration was cut off")

func newMigrator(d *DB) *migrator {
	return &migrator{db: d, lasts: migrationLease, at: func(Moment, string) error { return nil }, mend: d.mend}
}

// revision is the progress of a migration.
type revision struct {
	applied int
	// begun is the number of the last statement that was noted before it ran, and before
	// is the digest of its tables at that moment. It is null if a server of an older
	// version wrote the note, because such a server did not note statements.
	begun  sql.NullInt64
	before sql.NullString
}

// run applies files and creates the missing guards. If ctx ends, it stops between two
// statements: it waits for a statement that has begun, because the database continues it
// whatever happens to the connection.
func (m *migrator) run(ctx context.Context, files []migrations.File) (done []string, err error) {
	for {
		more, err := m.once(ctx, files)
		done = append(done, more...)
		if !errors.Is(err, errLeaseLost) {
			return done, err
		}
	}
}

func (m *migrator) once(ctx context.Context, files []migrations.File) (done []string, err error) {
	if err := m.claim(ctx); err != nil {
		return nil, err
	}
	defer m.keepAlive(ctx)()
	defer func() {
		if !errors.Is(err, errCutOff) {
			m.release(ctx)
		}
	}()
	if err := m.prepare(context.WithoutCancel(ctx)); err != nil {
		return nil, err
	}
	for _, f := range files {
		applied, err := m.apply(ctx, f)
		if err != nil {
			return done, fmt.Errorf("migration %s: %w", f.Name, err)
		}
		if applied {
			done = append(done, f.Name)
		}
	}
	return done, m.again(context.WithoutCancel(ctx), func(ctx context.Context) error { return m.mend(ctx, m.db.sql) })
}

// prepare creates the table of the notes in its current form.
func (m *migrator) prepare(ctx context.Context) error {
	if err := m.ensureTable(ctx, "schema_revisions", revisionTable); err != nil {
		return err
	}
	return m.again(ctx, func(ctx context.Context) error {
		for _, column := range []string{"begun INTEGER NULL", "tables_before VARCHAR(64) NULL"} {
			name, _, _ := strings.Cut(column, " ")
			var n int
			err := m.db.sql.QueryRowContext(ctx,
				"SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() "+
					"AND table_name = 'schema_revisions' AND column_name = ?", name).Scan(&n)
			if err != nil {
				return err
			}
			if n > 0 {
				continue
			}
			if _, err := m.db.sql.ExecContext(ctx, "ALTER TABLE schema_revisions ADD COLUMN "+column); err != nil {
				return err
			}
		}
		return nil
	})
}

func (m *migrator) apply(ctx context.Context, f migrations.File) (bool, error) {
	statements, err := split(f)
	if err != nil {
		return false, err
	}
	r, known, err := m.revision(ctx, f.Name)
	if err != nil || known && r.applied >= len(statements) {
		return false, err
	}
	if !known {
		err := m.fenced(context.WithoutCancel(ctx), func(tx *sql.Tx) error {
			_, err := tx.ExecContext(context.WithoutCancel(ctx),
				"INSERT IGNORE INTO schema_revisions (name, applied, total, begun) VALUES (?, 0, ?, 0)", f.Name, len(statements))
			return err
		})
		if err != nil {
			return false, err
		}
		r.begun = sql.NullInt64{Valid: true}
	}
	for i := r.applied; i < len(statements); i++ {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		if err := m.step(context.WithoutCancel(ctx), f.Name, i, statements[i], r); err != nil {
			return false, fmt.Errorf("statement %d: %w", i+1, err)
		}
		r.begun = sql.NullInt64{Int64: int64(i + 1), Valid: true}
	}
	return true, nil
}

func (m *migrator) revision(ctx context.Context, name string) (r revision, known bool, err error) {
	err = m.again(ctx, func(ctx context.Context) error {
		err := m.db.sql.QueryRowContext(ctx, "SELECT applied, begun, tables_before FROM schema_revisions WHERE name = ?",
			name).Scan(&r.applied, &r.begun, &r.before)
		known = err == nil
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	return r, known, err
}

// step carries out the statement with a number, which may have been begun before.
func (m *migrator) step(ctx context.Context, name string, i int, statement string, r revision) error {
	if changesRows(statement) {
		return m.stepOfRows(ctx, name, i, statement)
	}
	before, err := m.digest(ctx, statement)
	if err != nil {
		return err
	}
	switch {
	case !r.begun.Valid:
		// A server of an older version has reached this statement, or died in it.
		stands, err := m.stands(ctx, statement)
		if err != nil {
			return err
		}
		if stands {
			return m.note(ctx, name, "applied = ?, begun = ?", i+1, i+1)
		}
	case int(r.begun.Int64) == i+1 && r.before.String != before:
		return m.note(ctx, name, "applied = ?", i+1)
	}
	if err := m.note(ctx, name, "begun = ?, tables_before = ?", i+1, before); err != nil {
		return err
	}
	if err := m.define(ctx, statement, before); err != nil {
		return err
	}
	if err := m.at(Ran, statement); err != nil {
		return err
	}
	return m.note(ctx, name, "applied = ?", i+1)
}

// define runs a statement that commits by itself. An error does not show whether the
// statement was carried out; the tables do.
func (m *migrator) define(ctx context.Context, statement, before string) error {
	return m.again(ctx, func(ctx context.Context) error {
		if err := m.at(Noted, statement); err != nil {
			return err
		}
		_, err := m.db.sql.ExecContext(ctx, statement)
		if err == nil {
			return nil
		}
		after, look := m.digest(ctx, statement)
		if look != nil {
			return errors.Join(err, look)
		}
		if after != before {
			return nil
		}
		return err
	})
}

// stepOfRows carries out a statement that changes rows, in one transaction with its note.
// If it is unknown whether that committed, the note shows it.
func (m *migrator) stepOfRows(ctx context.Context, name string, i int, statement string) error {
	return m.fenced(ctx, func(tx *sql.Tx) error {
		var applied int
		if err := tx.QueryRowContext(context.WithoutCancel(ctx),
			"SELECT applied FROM schema_revisions WHERE name = ? FOR UPDATE", name).Scan(&applied); err != nil || applied > i {
			return err
		}
		if err := m.at(Noted, statement); err != nil {
			return err
		}
		if _, err := tx.ExecContext(context.WithoutCancel(ctx), statement); err != nil {
			return err
		}
		if err := m.at(Ran, statement); err != nil {
			return err
		}
		_, err := tx.ExecContext(context.WithoutCancel(ctx),
			"UPDATE schema_revisions SET applied = ?, begun = ? WHERE name = ?", i+1, i+1, name)
		return err
	})
}

func (m *migrator) note(ctx context.Context, name, set string, values ...any) error {
	return m.fenced(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(context.WithoutCancel(ctx), "UPDATE schema_revisions SET "+set+" WHERE name = ?",
			append(values, name)...)
		return err
	})
}

// migrationAttempts is how often a statement is tried that fails for a temporary reason.
// Servers of older versions write at the same time, and a database may be restarting; with
// the pauses of a transaction this is about a minute.
const migrationAttempts = 120

// again runs fn until it does not fail for a temporary reason.
func (m *migrator) again(ctx context.Context, fn func(ctx context.Context) error) error {
	for attempt := 1; ; attempt++ {
		err := fn(ctx)
		if err == nil || attempt == migrationAttempts || !passes(err) && TroubleOf(err) != Unreachable {
			return err
		}
		select {
		case <-time.After(pause(attempt)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
