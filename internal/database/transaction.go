package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql/sqlgraph"
	"github.com/openhomeroom/homeroom/ent/db"
)

type clientKey struct{}

// scope is the transaction or snapshot of a context.
type scope struct {
	client *db.Client
	writes bool
	// ends is what the transaction does before it commits; it is nil for a snapshot.
	ends *endings
}

// Client returns the client to use in a context: that of its transaction or snapshot, or
// otherwise that of the database.
func (d *DB) Client(ctx context.Context) *db.Client {
	if s, ok := ctx.Value(clientKey{}).(scope); ok {
		return s.client
	}
	return d.client
}

// attempts is how often a transaction is tried, including the first time.
const attempts = 10

// patience limits the pause before the next attempt. The maximum of the pause doubles each
// time: on a busy machine, transactions that have collided once would otherwise collide
// again and again.
const patience = time.Second

// longestAway is how long a transaction tries to reach a database that is away. A failover
// is done by then, and people do not wait longer.
const longestAway = 5 * time.Second

func pause(attempt int) time.Duration {
	return rand.N(min(10*time.Millisecond<<min(attempt, 10), patience))
}

// InTx runs fn in a transaction, which commits if fn returns nil. If the database refuses
// the transaction for a temporary reason (a deadlock, a lock that took too long, a
// conflict between nodes, a connection that was lost before the commit), InTx runs fn
// again from the start. So fn must not change anything outside of the database. A
// connection that is lost during the commit is different: the change may have been made,
// so the transaction is not tried again, and the error's trouble is Uncertain. Within
// another InTx, it joins that transaction.
//
// On MySQL the isolation is READ COMMITTED. Each statement sees what was committed before
// it, so what is read after waiting for a lock is what the lock protects, and no gaps are
// locked.
func (d *DB) InTx(ctx context.Context, fn func(ctx context.Context, client *db.Client) error) error {
	if s, ok := ctx.Value(clientKey{}).(scope); ok && s.writes {
		return fn(ctx, s.client)
	}
	start := time.Now()
	for attempt := 1; ; attempt++ {
		err := d.try(ctx, fn)
		away := TroubleOf(err) == Unreachable && time.Since(start) > longestAway
		if err == nil || attempt == attempts || away || !passes(err) {
			d.readiness.note(err)
			return err
		}
		select {
		case <-time.After(pause(attempt)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (d *DB) try(ctx context.Context, fn func(ctx context.Context, client *db.Client) error) (err error) {
	opts := &sql.TxOptions{}
	if d.kind == MySQL {
		opts.Isolation = sql.LevelReadCommitted
	} else {
		select {
		case d.writer <- struct{}{}:
			defer func() { <-d.writer }()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	tx, err := d.writing.BeginTx(ctx, opts)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() {
		if p := recover(); p != nil {
			_ = tx.Rollback()
			panic(p)
		}
	}()
	client, ends := tx.Client(), &endings{}
	inside := context.WithValue(ctx, clientKey{}, scope{client: client, writes: true, ends: ends})
	if err = fn(inside, client); err == nil {
		err = ends.run(inside, client)
	}
	if err != nil {
		if undo := tx.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) {
			return errors.Join(err, fmt.Errorf("roll back: %w", undo))
		}
		return err
	}
	switch err := tx.Commit(); {
	case err == nil:
		noteMade(ctx, ends)
		return nil
	case isLost(err):
		return fmt.Errorf("commit: %w: %w", errUncertain, err)
	default:
		return fmt.Errorf("commit: %w", err)
	}
}

// IsDuplicate reports whether a unique index refused a row.
func IsDuplicate(err error) bool { return sqlgraph.IsUniqueConstraintError(err) }

// Violates reports whether the unique index that refused a row covers a column.
func Violates(err error, column string) bool {
	// Both kinds of databases name the index or its columns in the message, and nowhere
	// else.
	return err != nil && strings.Contains(err.Error(), column)
}
