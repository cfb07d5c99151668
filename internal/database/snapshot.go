package database

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
)

// Snapshot returns a context in which every query sees the database as it was at the first
// query, so that the numbers of one answer agree with each other, whatever is written
// meanwhile. Nothing is sent before that first query. The queries may come from several
// goroutines. They run one after the other, on one connection, which end releases.
func (d *DB) Snapshot(ctx context.Context) (_ context.Context, end func()) {
	return d.SnapshotInTurn(ctx, func(context.Context) (func(), error) { return func() {}, nil })
}

// Turn waits until a connection may be taken. leave is called when it is free again.
type Turn func(ctx context.Context) (leave func(), err error)

// SnapshotInTurn is Snapshot for one of several callers who share the connections: its
// turn is taken before the first query, which fails with the error of the turn.
func (d *DB) SnapshotInTurn(ctx context.Context, turn Turn) (_ context.Context, end func()) {
	if _, ok := ctx.Value(clientKey{}).(scope); ok {
		return ctx, func() {}
	}
	s := &snapshot{db: d, ctx: ctx, turn: turn}
	client := db.NewClient(db.Driver(s))
	return context.WithValue(ctx, clientKey{}, scope{client: client}), s.end
}

// snapshot is an ent driver over one read-only transaction.
type snapshot struct {
	db   *DB
	ctx  context.Context
	turn Turn

	mu    sync.Mutex
	tx    dialect.Tx
	leave func()
	ended bool
}

var errReadOnly = errors.New("database: a snapshot is for reading")

func (s *snapshot) begin() error {
	if s.ended {
		return errors.New("database: the snapshot has ended")
	}
	if s.tx != nil {
		return nil
	}
	opts := &sql.TxOptions{ReadOnly: true}
	if s.db.kind == MySQL {
		opts.Isolation = sql.LevelRepeatableRead
	}
	leave, err := s.turn(s.ctx)
	if err != nil {
		return err
	}
	driver := counting{entsql.OpenDB(s.db.kind.dialect(), s.db.sql)}
	if s.tx, err = driver.BeginTx(s.ctx, opts); err != nil {
		s.tx = nil
		leave()
		return err
	}
	s.leave = leave
	return nil
}

func (s *snapshot) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	if s.tx != nil {
		_ = s.tx.Rollback()
		s.tx = nil
		s.leave()
	}
}

// Query implements dialect.Driver. The connection is taken until the rows are closed,
// because a connection answers one query at a time.
func (s *snapshot) Query(ctx context.Context, query string, args, v any) error {
	s.mu.Lock()
	err := s.begin()
	if err == nil {
		err = s.tx.Query(ctx, query, args, v)
	}
	rows, ok := v.(*entsql.Rows)
	if err != nil || !ok {
		s.mu.Unlock()
		return err
	}
	rows.ColumnScanner = &lockedRows{ColumnScanner: rows.ColumnScanner, unlock: sync.OnceFunc(s.mu.Unlock)}
	return nil
}

// Exec implements dialect.Driver.
func (s *snapshot) Exec(context.Context, string, any, any) error { return errReadOnly }

// Tx implements dialect.Driver.
func (s *snapshot) Tx(context.Context) (dialect.Tx, error) { return nil, errReadOnly }

// Close implements dialect.Driver.
func (s *snapshot) Close() error { s.end(); return nil }

// Dialect implements dialect.Driver.
func (s *snapshot) Dialect() string { return s.db.kind.dialect() }

type lockedRows struct {
	entsql.ColumnScanner
	unlock func()
}

func (r *lockedRows) Close() error {
	defer r.unlock()
	return r.ColumnScanner.Close()
}
