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

// bounded makes connections to MySQL or MariaDB that stop a statement after some time. A
// request that ends closes its connection, but a database that is busy with a statement
// notices that only when it has a row to send. Without a limit of its own it would
// continue although nobody waits for the result.
type bounded struct {
	driver.Connector
	limit atomic.Int64 // Milliseconds; 0 for no limit.
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
	// Each kind of server runs one of the two comments. MariaDB runs those that begin with
	// M!, and none for versions of MySQL that it does not descend from. MariaDB counts in
	// seconds and limits every statement; MySQL counts in milliseconds and limits only
	// SELECT.
	statement := fmt.Sprintf("SET SESSION /*M!100101 max_statement_time = %d.%03d */ /*!50708 max_execution_time = %d */",
		limit/1000, limit%1000, limit)
	if _, err := conn.(driver.ExecerContext).ExecContext(ctx, statement, nil); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("bound the time of statements: %w", err)
	}
	return conn, nil
}

// BoundStatements makes MySQL or MariaDB stop statements that take longer than limit, from
// the next connections on. An embedded database stops a statement when its context ends,
// and needs no limit.
func (d *DB) BoundStatements(limit time.Duration) {
	if d.bounded == nil {
		return
	}
	d.bounded.limit.Store(max(limit.Milliseconds(), 1))
	// Open connections have the old limit, or none.
	d.sql.SetMaxIdleConns(0)
	d.sql.SetMaxIdleConns(mysqlIdle)
}

// The errors of MySQL and of MariaDB for a statement that took too long.
var tooLong = []uint16{3024, 1969}

// TookTooLong reports whether the database stopped a statement because of its limit.
func TookTooLong(err error) bool {
	var my *mysql.MySQLError
	return errors.As(err, &my) && slices.Contains(tooLong, my.Number)
}
