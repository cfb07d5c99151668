// Package database opens the database, migrates it, and runs transactions. It tries a
// transaction again if the database has refused it for a temporary reason. Callers see an
// ent client. Which database is behind it matters only to the few statements that ent
// cannot write.
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
	// writing begins the transactions that write. On SQLite they share one connection,
	// whose cache holds the pages that they use; otherwise every connection that has ever
	// written would hold them. On MySQL it is the same as client.
	writing *db.Client
	// writes holds the connections of writing; it is nil if they are those of client.
	writes *sql.DB
	// ready holds the connections for checks of the database. The other connections may
	// all be busy, and that must not look like a database that is down.
	ready *sql.DB
	// writer lets one transaction of this process write at a time on SQLite, in the order
	// of arrival. SQLite's own waiting has no order.
	writer chan struct{}
	// bounded makes the connections; it is nil for SQLite.
	bounded *bounded
	// readiness is what is known about whether the database can be written.
	readiness readiness
}

// Open connects to the database with a URL (see CheckURL) and checks that it answers. It
// creates the folder of an SQLite file and a missing MySQL database.
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

// OpenSQL opens plain connections, with the settings of connections that write. Migrations
// and tests use it.
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

// sqliteConnections is how many connections read an SQLite file.
const sqliteConnections = 16

// openWriter opens connections that write an SQLite file.
func (s source) openWriter(connections int) (*sql.DB, error) {
	conn, err := sql.Open(SQLite.DriverName(), s.writer)
	if err != nil {
		return nil, err
	}
	conn.SetMaxOpenConns(connections)
	conn.SetMaxIdleConns(connections)
	return conn, nil
}

// Connections is how many connections there are for what callers ask for.
func (d *DB) Connections() int { return d.sql.Stats().MaxOpenConnections }

// readyConnections is how many more connections there are for checks of the database.
const readyConnections = 2

// mysqlIdle is how many unused connections to MySQL are kept open.
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
	// Proxies and servers close idle connections. A short life makes it unlikely to use a
	// closed one.
	conn.SetConnMaxLifetime(4 * time.Minute)
	conn.SetConnMaxIdleTime(12 * time.Second) // Sooner than the database ends it: see wait_timeout.
	return conn, b, nil
}

func (k Kind) dialect() string {
	if k == MySQL {
		return dialect.MySQL
	}
	return dialect.SQLite
}

const errUnknownDatabase = 1049

// busyPings is how often Open tries an SQLite file that others are creating at the same
// time; with the pauses of a transaction, this is some seconds.
const busyPings = 20

// ping checks the connection, and creates the database if the server has none with that
// name.
func ping(ctx context.Context, src source, conn *sql.DB) error {
	err := conn.PingContext(ctx)
	// While another process turns a new SQLite file into one with a write-ahead log,
	// SQLite answers that it is locked, and does not wait as it does for every other lock.
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

// Scratch creates an empty database on the server of a MySQL URL, for tests and for
// comparing schemas. It returns the URL and a function that drops the database.
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

// File returns the path of an SQLite file, and "" for a server.
func (d *DB) File() string { return d.file }

// RowLocks reports whether reads can lock rows (FOR UPDATE). SQLite has no such reads and
// needs none, because only one transaction writes at a time.
func (d *DB) RowLocks() bool { return d.kind == MySQL }

// Instant returns a time with the precision with which both databases store it.
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

// Optimize updates the statistics by which the planner chooses indexes. Call it after many
// rows were added.
func (d *DB) Optimize(ctx context.Context) error {
	if d.kind == SQLite {
		_, err := d.sql.ExecContext(ctx, "PRAGMA optimize = 0x10002")
		return err
	}
	_, err := d.sql.ExecContext(ctx, "ANALYZE TABLE `students`, `enrollments`, `groups`, `usage_days`, `student_words`")
	return err
}

// Scrub removes erased data from places outside of the tables. On SQLite, the write-ahead
// log holds old versions of pages; it is copied into the file and truncated. Deleted
// content in the file itself is overwritten at once (secure_delete). On MySQL, the server
// purges old versions itself, after some time.
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

// Query runs a statement outside of any transaction, for what must be known before there
// is a viewer.
func (d *DB) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	count(ctx)
	return d.sql.QueryContext(ctx, query, args...)
}
