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

// The tables are built under a lease of their own: that of internal/lease stands in
// one of the tables. GET_LOCK would not do, because it does not reach from one node
// of a cluster to another.
const leaseTable = `CREATE TABLE IF NOT EXISTS schema_lease (
	name VARCHAR(64) NOT NULL PRIMARY KEY,
	owner VARCHAR(64) NOT NULL,
	until DATETIME(6) NOT NULL
)`

// migrationLease is how long a server that migrates may give no sign of life.
const migrationLease = 15 * time.Second

// errLeaseLost is returned where another server has taken the migration over.
var errLeaseLost = errors.New("database: another server migrates now")

// claim waits until the lease is this migrator's. The clock is that of the
// database, which all servers share.
func (m *migrator) claim(ctx context.Context) error {
	if err := m.ensureTable(ctx, "schema_lease", leaseTable); err != nil {
		return err
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails
	m.owner = hex.EncodeToString(id)
	for {
		var claimed bool
		// A claim that has been sent is waited for, or nobody would give it back.
		err := m.again(context.WithoutCancel(ctx), func(ctx context.Context) error {
			if _, err := m.db.sql.ExecContext(ctx,
				"INSERT IGNORE INTO schema_lease (name, owner, until) VALUES ('migrate', '', NOW(6))"); err != nil {
				return err
			}
			// An UPDATE whose answer was lost may have claimed it.
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

// keepAlive renews the lease while a statement takes its time.
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
			// Who has lost the lease finds out before writing anything.
			_ = m.fenced(ctx, func(*sql.Tx) error { return nil })
		}
	})
	return func() { cancel(); running.Wait() }
}

// fenced runs fn in a transaction that begins by asking whether the lease is still
// this migrator's, and renews it.
func (m *migrator) fenced(ctx context.Context, fn func(tx *sql.Tx) error) error {
	return m.again(ctx, func(ctx context.Context) error {
		tx, err := m.db.sql.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }() // nothing is left of it after the commit
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

// release gives the lease back, so that whoever waits goes on at once.
func (m *migrator) release(ctx context.Context) {
	// Where this fails the lease ends by itself.
	_, _ = m.db.sql.ExecContext(context.WithoutCancel(ctx),
		"UPDATE schema_lease SET owner = '' WHERE name = 'migrate' AND owner = ?", m.owner)
}

// ensureTable makes a table that servers may be making at the same moment. On a
// cluster CREATE TABLE IF NOT EXISTS fails with 1050 or a conflict all the same.
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
