package database

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"sync"
	"time"
)

// Migrations have a lease of their own, because the table of internal/lease is itself
// created by a migration. GET_LOCK would not be enough: it does not reach from one node of
// a cluster to another.
const leaseTable = `CREATE TABLE IF NOT EXISTS schema_lease (
	name VARCHAR(64) NOT NULL PRIMARY KEY,
	owner VARCHAR(64) NOT NULL,
	until DATETIME(6) NOT NULL
)`

// migrationLease is how long a server that migrates may be silent before another one takes
// over.
const migrationLease = 15 * time.Second

// errLeaseLost says that another server has taken the migration over.
var errLeaseLost = errors.New("database: another server migrates now")

// claim waits until this migrator has the lease. It uses the clock of the database, which
// all servers share.
func (m *migrator) claim(ctx context.Context) error {
	if err := m.ensureTable(ctx, "schema_lease", leaseTable); err != nil {
		return err
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails
	m.owner = hex.EncodeToString(id)
	for {
		var claimed bool
		// Wait for a claim that was sent, because otherwise nobody would release it.
		err := m.again(context.WithoutCancel(ctx), func(ctx context.Context) error {
			if _, err := m.db.sql.ExecContext(ctx,
				"INSERT IGNORE INTO schema_lease (name, owner, until) VALUES ('migrate', '', NOW(6))"); err != nil {
				return err
			}
			// An UPDATE whose answer was lost may still have claimed the lease.
			result, err := m.db.sql.ExecContext(ctx,
				"UPDATE schema_lease SET owner = ?, until = NOW(6) + INTERVAL ? MICROSECOND "+
					"WHERE name = 'migrate' AND (owner = '' OR owner = ? OR until <= NOW(6))", m.owner,
				m.lasts.Microseconds(), m.owner)
			if err != nil {
				return err
			}
			n, err := result.RowsAffected()
			claimed = n > 0
			return err
		})
		if err != nil || claimed {
			return err
		}
		select {
		case <-time.After(m.lasts / 50):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// keepAlive renews the lease during a long statement.
func (m *migrator) keepAlive(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() {
		tick := time.NewTicker(m.lasts / 3)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			// A migrator that has lost the lease finds out before it writes anything.
			_ = m.fenced(ctx, func(*sql.Tx) error { return nil })
		}
	})
	return func() { cancel(); running.Wait() }
}

// fenced runs fn in a transaction that first checks that this migrator still has the
// lease, and renews it.
func (m *migrator) fenced(ctx context.Context, fn func(tx *sql.Tx) error) error {
	return m.again(ctx, func(ctx context.Context) error {
		tx, err := m.db.sql.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }() // does nothing after the commit
		result, err := tx.ExecContext(ctx,
			"UPDATE schema_lease SET until = NOW(6) + INTERVAL ? MICROSECOND WHERE name = 'migrate' AND owner = ?",
			m.lasts.Microseconds(), m.owner)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, errLeaseLost)
		}
		if err := fn(tx); err != nil {
			return err
		}
		return tx.Commit()
	})
}

// release gives the lease back, so that a waiting server continues at once.
func (m *migrator) release(ctx context.Context) {
	// If this fails, the lease expires.
	_, _ = m.db.sql.ExecContext(context.WithoutCancel(ctx),
		"UPDATE schema_lease SET owner = '' WHERE name = 'migrate' AND owner = ?", m.owner)
}

// ensureTable creates a table that several servers may create at the same time. On a
// cluster, CREATE TABLE IF NOT EXISTS can still fail with 1050 or a conflict.
func (m *migrator) ensureTable(ctx context.Context, name, create string) error {
	return m.again(ctx, func(ctx context.Context) error {
		there, err := m.tables(ctx, []string{name})
		if err != nil || len(there) > 0 {
			return err
		}
		if _, err = m.db.sql.ExecContext(ctx, create); err == nil {
			return nil
		}
		if there, look := m.tables(ctx, []string{name}); look == nil && len(there) > 0 {
			return nil
		}
		return err
	})
}
