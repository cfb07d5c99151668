package database

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/openhomeroom/homeroom/internal/quote"
)

// Kind is a kind of database.
type Kind string

// The kinds of databases that Homeroom runs on. MySQL stands for MariaDB too.
const (
	SQLite Kind = "sqlite"
	MySQL  Kind = "mysql"
)

// DriverName is the name of the driver in database/sql.
func (k Kind) DriverName() string { return string(k) }

// source is a parsed database URL.
type source struct {
	kind Kind
	dsn  string
	// writer is the dsn of connections that write; only SQLite has one.
	writer string
	// file is the path of the SQLite file.
	file string
	// mysql is set only for MySQL.
	mysql *mysql.Config
}

// CheckURL reports what is wrong with a database URL, without connecting.
func CheckURL(raw string) error {
	_, err := parse(raw)
	return err
}

// FileOf returns the file that a URL names, and false if the URL names a server.
func FileOf(raw string) (string, bool) {
	src, err := parse(raw)
	return src.file, err == nil && src.kind == SQLite
}

// parse reads mysql://user:password@host:port/database and sqlite:path. Its messages never
// repeat the URL, because the URL may contain a password.
func parse(raw string) (source, error) {
	switch {
	case strings.HasPrefix(raw, "sqlite:"):
		return parseSQLite(strings.TrimPrefix(strings.TrimPrefix(raw, "sqlite:"), "//"))
	case strings.HasPrefix(raw, "mysql://"), strings.HasPrefix(raw, "mariadb://"):
		return parseMySQL(raw)
	default:
		return source{}, fmt.Errorf("the database URL must begin with sqlite: or mysql://, as in sqlite:homeroom.db")
	}
}

func parseSQLite(path string) (source, error) {
	if path == "" {
		return source{}, fmt.Errorf("the database URL names no file; write sqlite:path/to/homeroom.db")
	}
	if strings.Contains(path, ":memory:") {
		return source{},
			fmt.Errorf("an in-memory database is lost with its first connection; write sqlite:path/to/homeroom.db")
	}
	// Immediate transactions take the write lock at once: a deferred one that begins to
	// write fails with BUSY instead of waiting. Read-only transactions stay deferred.
	dsn := func(pragmas ...string) string {
		q := url.Values{
			"_txlock":      {"immediate"},
			"_time_format": {"sqlite"},
			"_pragma": append([]string{"busy_timeout(15000)", "journal_mode(WAL)", "synchronous(NORMAL)", "foreign_keys(1)",
				"temp_store(MEMORY)",
				// Deleted data is overwritten, so that erased personal data does not stay
				// in the file.
				"secure_delete(1)"}, pragmas...),
		}
		return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
	}
	// There are many connections that read, and each has its own cache; they share the
	// pages that are mapped. What is written is soon read again.
	return source{kind: SQLite, file: path, dsn: dsn("cache_size(-2000)", "mmap_size(67108864)"),
		writer: dsn("cache_size(-16000)", "wal_autocheckpoint(4000)")}, nil
}

func parseMySQL(raw string) (source, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return source{}, fmt.Errorf("the database URL is not a URL; percent-encode special characters of the password")
	}
	c := mysql.NewConfig()
	if u.User != nil {
		c.User = u.User.Username()
		c.Passwd, _ = u.User.Password()
	}
	c.Net, c.Addr = "tcp", u.Host
	if u.Port() == "" {
		c.Addr = u.Hostname() + ":3306"
	}
	for key, values := range u.Query() {
		switch key {
		case "socket":
			c.Net, c.Addr = "unix", values[0]
		case "tls":
			c.TLSConfig = values[0]
		default:
			return source{}, fmt.Errorf("the database URL has an unknown setting %s; known are socket and tls", quote.Text(key))
		}
	}
	if c.Net == "tcp" && u.Hostname() == "" {
		return source{}, fmt.Errorf("the database URL names no host")
	}
	c.DBName = strings.TrimPrefix(u.Path, "/")
	c.ParseTime = true
	c.Loc = time.UTC
	c.Collation = "utf8mb4_bin"
	// On MariaDB, a cached prepared COUNT becomes a full scan after another read on its
	// connection, so the client interpolates values.
	c.InterpolateParams = true
	// Count the rows that an UPDATE found, not those whose values changed: ent takes no
	// changed row for a missing one.
	c.ClientFoundRows = true
	c.Timeout = 10 * time.Second
	// What the driver would print is also returned as an error.
	c.Logger = &mysql.NopLogger{}
	// A server that hangs, or whose machine has lost its network, keeps its locks until
	// the database ends the connection. That must not be much later than the end of its
	// lease on a job. Nothing here is silent for so long within a transaction.
	c.Params = map[string]string{
		"wait_timeout": "20",
		"time_zone":    "'+00:00'",
		"sql_mode": "'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE," +
			"ONLY_FULL_GROUP_BY'",
	}
	return source{kind: MySQL, dsn: c.FormatDSN(), mysql: c}, nil
}
