package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/go-sql-driver/mysql"
)

// bounded makes connections to MySQL or MariaDB that give up a statement after
// some time. A request that ends closes its connection, which a database that is
// at work on a statement does not notice before it has a row to send: without a
// bound of its own it would go on with what nobody waits for.
type bounded struct {
	driver.Connector
	limit atomic.Int64 // Milliseconds; 0 for none.
}

// Connect implements driver.Connector.
func (b *bounded) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := b.Connector.Connect(ctx)
	if err != nil {
		return nil, &notConnected{err}
	}
	limit := b.limit.Load()
	if limit == 0 {
		return conn, nil
	}
	// Each kind of server runs one of the two comments: MariaDB those that begin
	// with M!, and none for versions of MySQL that it does not descend from. MariaDB
	// counts in seconds and bounds every statement, MySQL in milliseconds and only
	// SELECT.
	statement := fmt.Sprintf("SET SESSION /*M!100101 max_statement_time = %d.%03d */ /*!50708 max_execution_time = %d */",
		limit/1000, limit%1000, limit)
	if _, err := conn.(driver.ExecerContext).ExecContext(ctx, statement, nil); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("bound the time of statements: %w", err)
	}
	return conn, nil
}

// BoundStatements makes MySQL or MariaDB give up statements that take longer, from
// the next connections on. An embedded database ends a statement when the context
// does, and needs no bound.
func (d *DB) BoundStatements(limit time.Duration) {
	if d.bounded == nil {
		return
	}
	d.bounded.limit.Store(max(limit.Milliseconds(), 1))
	// Those that are open have another bound, or none.
	d.sql.SetMaxIdleConns(0)
	d.sql.SetMaxIdleConns(mysqlIdle)
}

// The errors of MySQL and of MariaDB for a statement that took too long.
var tooLong = []uint16{3024, 1969}

// TookTooLong reports whether the database gave a statement up because of its
// bound.
func TookTooLong(err error) bool {
	var my *mysql.MySQLError
	return errors.As(err, &my) && slices.Contains(tooLong, my.Number)
}
