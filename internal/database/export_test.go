package database

import (
	"context"
	"time"

	"github.com/openhomeroom/homeroom/ent/migrations"
)

// MigrateFiles applies files on MySQL and calls at between notes and statements. If at
// returns ErrCutOff, the migrator stops as if its process had been killed; other errors
// count as errors of the statement.
func (d *DB) MigrateFiles(ctx context.Context, files []migrations.File,
	at func(moment Moment, statement string) error) ([]string, error) {
	m := newMigrator(d)
	m.lasts = time.Minute
	m.mend = func(ctx context.Context, conn connection) error {
		if there, err := m.tables(ctx, []string{"audit_events"}); err != nil || len(there) == 0 {
			return err // Files of a test build other tables.
		}
		return d.mend(ctx, conn)
	}
	m.at = at
	return m.run(ctx, files)
}

// Split returns the statements of a migration.
func Split(f migrations.File) ([]string, error) { return split(f) }

// ErrCutOff ends a migrator.
var ErrCutOff = errCutOff
