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

// migrator applies migrations on MySQL and MariaDB, where every statement that
// defines a table commits by itself.
//
// Each such statement is noted before it runs, together with a digest of the tables
// that it is about. Whoever goes on after a server that died compares the digest
// with that of the tables as they are: it is another one where the statement has
// been carried out, and the same where it has not, or is still at work. In that
// case it runs again, waits for the other one to end, fails because what it makes is
// there, and the digest tells. A statement that changes rows is one transaction
// with its note.
type migrator struct {
	db *DB
	// lasts is how long the lease lasts, and owner who has it.
	lasts time.Duration
	owner string
	// at is called between the notes and the statements, and ends the migrator as a
	// crash would where it returns an error; only tests set it.
	at func(moment Moment, statement string) error
	// mend makes the guards that are missing.
	mend func(ctx context.Context, conn connection) error
}

// Moment is a place between two writes of a migration.
type Moment int

// The moments at which a migration can be cut off.
const (
	// Noted is before a statement runs that has been noted.
	Noted Moment = iota
	// Ran is after it has committed and before that is noted.
	Ran
)

// errCutOff ends a migrator as a crash would.
var errCutOff = errors.New("database: the migration was cut off")

func newMigrator(d *DB) *migrator {
	return &migrator{db: d, lasts: migrationLease, at: func(Moment, string) error { return nil }, mend: d.mend}
}

// revision is how far a migration has come.
type revision struct {
	applied int
	// begun is the number of the last statement that was noted before it ran, and
	// before the digest of its tables at that moment. It is null in the note of a
	// server of an older version, which did not tell.
	begun  sql.NullInt64
	before sql.NullString
}

// run applies files and makes the guards that are missing. It ends between two
// statements where ctx does: one that has begun is waited for, because the database
// goes on with it whatever becomes of the connection.
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

// prepare makes the table of the notes as it is today.
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

// step carries out the statement of a number, which may have been begun before.
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
		// A server of an older version has come to this statement, or died in it.
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

// define runs a statement that commits by itself. An error says little about what
// has become of it: the tables do.
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

// stepOfRows carries out a statement that changes rows, in one transaction with
// its note. Where nobody knows whether that committed, the note tells.
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

// migrationAttempts is how often a statement is tried that the database gives up
// for a reason that passes. Servers of an older version write meanwhile, and a
// database may be starting again; with the pauses of a transaction this is about a
// minute.
const migrationAttempts = 120

// again runs fn until it does not fail for a reason that passes.
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
