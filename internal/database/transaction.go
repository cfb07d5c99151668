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

// scope is the transaction or snapshot that a context is in.
type scope struct {
	client *db.Client
	writes bool
	// ends is what the transaction does before it commits; nil for a snapshot.
	ends *endings
}

// Client returns the client to use in a context: that of the transaction or
// snapshot that the context is in, otherwise that of the database.
func (d *DB) Client(ctx context.Context) *db.Client {
	if s, ok := ctx.Value(clientKey{}).(scope); ok {
		return s.client
	}
	return d.client
}

// attempts is how often a transaction is tried, including the first time.
const attempts = 10

// patience bounds the pause before the next attempt, whose upper bound doubles each
// time: on a busy machine those who met once would otherwise meet again and again.
const patience = time.Second

// longestAway is for how long a transaction looks for a database that is away; one
// that fails over is back by then, and a person does not wait for longer.
const longestAway = 5 * time.Second

func pause(attempt int) time.Duration {
	return rand.N(min(10*time.Millisecond<<min(attempt, 10), patience))
}

// InTx runs fn in a transaction, which commits when fn returns nil. It runs fn
// again, from the start, when the database gave the transaction up for a reason
// that passes (a deadlock, a lock that took too long, a conflict between nodes, a
// connection that was lost before the commit); fn must therefore change nothing
// outside of the database. A connection that is lost at the commit is another
// matter: the transaction may have been made, so that it is not tried again, and
// the error's trouble is Uncertain. Inside of another InTx it joins the transaction
// that is there.
//
// On MySQL the isolation is READ COMMITTED: each statement sees what was
// committed before it, so that what is read after a lock has been waited for is
// what the lock protects, and no gaps are locked.
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
	// Both kinds of databases name the index or its columns in the message; it is
	// the only place where they do.
	return err != nil && strings.Contains(err.Error(), column)
}
