package database

import (
	"context"
	"database/sql"
	"sync/atomic"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
)

// Counter counts the statements that are sent with a context.
type Counter struct{ statements atomic.Int64 }

// Statements returns how many statements have been sent.
func (c *Counter) Statements() int { return int(c.statements.Load()) }

type counterKey struct{}

// WithCounter returns a context whose statements are counted. The log of a request uses
// it, and so do tests that limit the statements of a page.
func WithCounter(ctx context.Context) (context.Context, *Counter) {
	c := new(Counter)
	return context.WithValue(ctx, counterKey{}, c), c
}

func count(ctx context.Context) {
	if c, ok := ctx.Value(counterKey{}).(*Counter); ok {
		c.statements.Add(1)
	}
}

// raw is the interface that ent's generated ExecContext and QueryContext look for.
type raw interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// counting is ent's driver and counts the statements.
type counting struct{ *entsql.Driver }

func (c counting) Exec(ctx context.Context, query string, args, v any) error {
	count(ctx)
	return c.Driver.Exec(ctx, query, args, v)
}

func (c counting) Query(ctx context.Context, query string, args, v any) error {
	count(ctx)
	return c.Driver.Query(ctx, query, args, v)
}

func (c counting) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	count(ctx)
	return c.Driver.DB().ExecContext(ctx, query, args...)
}

func (c counting) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	count(ctx)
	return c.Driver.DB().QueryContext(ctx, query, args...)
}

func (c counting) Tx(ctx context.Context) (dialect.Tx, error) { return c.BeginTx(ctx, nil) }

func (c counting) BeginTx(ctx context.Context, opts *sql.TxOptions) (dialect.Tx, error) {
	tx, err := c.Driver.BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	return countingTx{tx, tx.(raw)}, nil
}

// countingTx is ent's transaction and counts the statements.
type countingTx struct {
	dialect.Tx
	raw raw
}

func (t countingTx) Exec(ctx context.Context, query string, args, v any) error {
	count(ctx)
	return t.Tx.Exec(ctx, query, args, v)
}

func (t countingTx) Query(ctx context.Context, query string, args, v any) error {
	count(ctx)
	return t.Tx.Query(ctx, query, args, v)
}

func (t countingTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	count(ctx)
	return t.raw.ExecContext(ctx, query, args...)
}

func (t countingTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	count(ctx)
	return t.raw.QueryContext(ctx, query, args...)
}
