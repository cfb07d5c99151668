// Package database opens the database, migrates it, and runs transactions; it retries a
// transaction that the database refuses for a moment. Callers see an ent client. Which
// database is behind it matters only to the few statements that ent cannot write.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/go-sql-driver/mysql"
	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"github.com/openhomeroom/homeroom/ent/db"
	_ "github.com/openhomeroom/homeroom/ent/db/runtime" // binds the policies to the client
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	kind   Kind
	file   string
	sql    *sql.DB
	client *db.Client
	// writing begins the transactions that write. SQLite has one connection for
	// them, which keeps the pages that they are about; the pages would otherwise be
	// held by every connection that has ever written. On MySQL it is client.
	writing *db.Client
	// writes are the connections of writing; nil where they are those of client.
	writes *sql.DB
	// ready are the connections by which it is asked how it is. Those of everybody may be
	// at work, which is no reason to take a server for one whose database is away.
	ready *sql.DB
	// writer lets one transaction of this process write at a time on SQLite,
	// in the order of arrival; SQLite's own waiting is a lottery.
	writer chan struct{}
	// bounded makes the connections; nil for SQLite.
	bounded *bounded
	// readiness is what is known about whether it can be written.
	readiness readiness
}

// Open connects to the database of a URL (see CheckURL) and checks that it
// answers. It creates the folder of an SQLite file and a missing MySQL database.
func Open(ctx context.Context, rawURL string) (*DB, error) {
	src, err := parse(rawURL)
	if err != nil {
		return nil, err
	}
	if src.kind == SQLite {
		if err := os.MkdirAll(filepath.Dir(src.file), privateFolder); err != nil {
			return nil, err
		}
		if err := createPrivate(src.file); err != nil {
			return nil, err
		}
	}
	conn, limits, err := src.open()
	if err != nil {
		return nil, err
	}
	if err := ping(ctx, src, conn); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("the database does not answer: %w; %s", err, whatToCheck(err))
	}
	d := &DB{kind: src.kind, file: src.file, sql: conn, writer: make(chan struct{}, 1), bounded: limits}
	d.client = db.NewClient(db.Driver(counting{entsql.OpenDB(src.kind.dialect(), conn)}))
	d.writing = d.client
	if d.ready, _, err = src.open(); err != nil {
		_ = conn.Close()
		return nil, err
	}
	d.ready.SetMaxOpenConns(readyConnections)
	if src.kind == SQLite {
		if d.writes, err = src.openWriter(1); err != nil {
			_ = conn.Close()
			d.ready.Close()
			return nil, err
		}
		d.writing = db.NewClient(db.Driver(counting{entsql.OpenDB(src.kind.dialect(), d.writes)}))
	}
	return d, nil
}

// OpenSQL opens plain connections of a URL, with the settings of those that write,
// for migrations and tests.
func OpenSQL(rawURL string) (*sql.DB, error) {
	src, err := parse(rawURL)
	if err != nil {
		return nil, err
	}
	if src.kind == SQLite {
		if err := createPrivate(src.file); err != nil {
			return nil, err
		}
		return src.openWriter(sqliteConnections)
	}
	conn, _, err := src.open()
	return conn, err
}

// sqliteConnections is how many connections an SQLite file is read by.
const sqliteConnections = 16

// openWriter opens connections to an SQLite file that write it.
func (s source) openWriter(connections int) (*sql.DB, error) {
	conn, err := sql.Open(SQLite.DriverName(), s.writer)
	if err != nil {
		return nil, err
	}
	conn.SetMaxOpenConns(connections)
	conn.SetMaxIdleConns(connections)
	return conn, nil
}

// readyConnections is how many there are beside them to ask how the database is.
const readyConnections = 2

// mysqlIdle is how many connections to MySQL are kept while nobody needs them.
const mysqlIdle = 16

func (s source) open() (*sql.DB, *bounded, error) {
	if s.kind == SQLite {
		conn, err := sql.Open(SQLite.DriverName(), s.dsn)
		if err != nil {
			return nil, nil, err
		}
		conn.SetMaxOpenConns(sqliteConnections)
		conn.SetMaxIdleConns(sqliteConnections)
		return conn, nil, nil
	}
	connector, err := mysql.NewConnector(s.mysql)
	if err != nil {
		return nil, nil, err
	}
	b := &bounded{Connector: connector}
	conn := sql.OpenDB(b)
	conn.SetMaxOpenConns(48)
	conn.SetMaxIdleConns(mysqlIdle)
	// Proxies and servers close idle connections; a shorter life avoids
	// meeting a closed one.
	conn.SetConnMaxLifetime(4 * time.Minute)
	conn.SetConnMaxIdleTime(12 * time.Second) // Before the database ends it: see wait_timeout.
	return conn, b, nil
}

func (k Kind) dialect() string {
	if k == MySQL {
		return dialect.MySQL
	}
	return dialect.SQLite
}

const errUnknownDatabase = 1049

// busyPings is how often an SQLite file is asked that others are just making; with
// the pauses of a transaction that is some seconds.
const busyPings = 20

// ping checks the connection and creates the database where the server has none
// of that name.
func ping(ctx context.Context, src source, conn *sql.DB) error {
	err := conn.PingContext(ctx)
	// While another server makes a new SQLite file one with a write-ahead log, SQLite
	// answers that it is locked, and does not wait as it does for every other lock.
	for attempt := 1; src.kind == SQLite && TroubleOf(err) == Busy && attempt < busyPings; attempt++ {
		select {
		case <-time.After(pause(attempt)):
		case <-ctx.Done():
			return ctx.Err()
		}
		err = conn.PingContext(ctx)
	}
	var my *mysql.MySQLError
	if !errors.As(err, &my) || my.Number != errUnknownDatabase {
		return err
	}
	if err := createDatabase(ctx, src.mysql, src.mysql.DBName); err != nil {
		return err
	}
	return conn.PingContext(ctx)
}

func createDatabase(ctx context.Context, c *mysql.Config, name string) error {
	server := c.Clone()
	server.DBName = ""
	conn, err := sql.Open(MySQL.DriverName(), server.FormatDSN())
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.ExecContext(ctx,
		"CREATE DATABASE IF NOT EXISTS `"+strings.ReplaceAll(name, "`", "``")+"` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
	return err
}

// Scratch creates an empty database on the server of a MySQL URL, for tests and
// for comparing schemas, and returns its URL and what drops it again.
func Scratch(ctx context.Context, serverURL, prefix string) (string, func(), error) {
	src, err := parse(serverURL)
	if err != nil {
		return "", nil, err
	}
	if src.kind != MySQL {
		return "", nil, errors.New("a scratch database needs a mysql:// URL")
	}
	name := fmt.Sprintf("%s_%d_%d", prefix, os.Getpid(), time.Now().UnixNano())
	if err := createDatabase(ctx, src.mysql, name); err != nil {
		return "", nil, err
	}
	drop := func() {
		if conn, err := sql.Open(MySQL.DriverName(), src.dsn); err == nil {
			defer conn.Close()
			_, _ = conn.ExecContext(context.WithoutCancel(ctx), "DROP DATABASE IF EXISTS `"+name+"`")
		}
	}
	path, query, hasQuery := strings.Cut(serverURL, "?")
	slash := strings.Index(path[len("mysql://"):], "/")
	if slash >= 0 {
		path = path[:len("mysql://")+slash]
	}
	path += "/" + name
	if hasQuery {
		path += "?" + query
	}
	return path, drop, nil
}

// Kind returns the kind of the database.
func (d *DB) Kind() Kind { return d.kind }

// File returns the path of an SQLite file, and nothing for a server.
func (d *DB) File() string { return d.file }

// RowLocks reports whether reads can lock rows (FOR UPDATE). SQLite has no such
// reads and needs none, because a transaction is the only one that writes.
func (d *DB) RowLocks() bool { return d.kind == MySQL }

// Instant is a moment as both databases keep it and give it back.
func Instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Ping checks that the database answers.
func (d *DB) Ping(ctx context.Context) error { return d.ready.PingContext(ctx) }

// Close ends all connections.
func (d *DB) Close() error {
	err := errors.Join(d.sql.Close(), d.ready.Close())
	if d.writes != nil {
		err = errors.Join(err, d.writes.Close())
	}
	return err
}

// Optimize refreshes the statistics by which the planner chooses its indexes;
// call it after many rows have come in.
func (d *DB) Optimize(ctx context.Context) error {
	if d.kind == SQLite {
		_, err := d.sql.ExecContext(ctx, "PRAGMA optimize = 0x10002")
		return err
	}
	_, err := d.sql.ExecContext(ctx, "ANALYZE TABLE `students`, `enrollments`, `groups`, `usage_days`, `student_words`")
	return err
}

// Scrub removes what has been erased from where the database keeps it beside its
// tables. On SQLite the write-ahead log, which holds pages as they were before, is
// brought into the file and cut; deleted content in the file is overwritten as it
// is deleted (secure_delete). On MySQL the server's own purge does it, in its time.
func (d *DB) Scrub(ctx context.Context) error {
	if d.kind != SQLite {
		return nil
	}
	rows, err := d.sql.QueryContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	if err != nil {
		return err
	}
	defer rows.Close()
	var busy, pages, moved int
	for rows.Next() {
		if err := rows.Scan(&busy, &pages, &moved); err != nil {
			return err
		}
	}
	if busy != 0 {
		return errors.New("the write-ahead log is being read, and still holds what has been erased")
	}
	return rows.Err()
}

// Query runs a statement of one's own outside of any transaction; it is for what
// must be known before anybody is a viewer.
func (d *DB) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	count(ctx)
	return d.sql.QueryContext(ctx, query, args...)
}
