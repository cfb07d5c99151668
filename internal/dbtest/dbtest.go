// Package dbtest gives tests real databases: SQLite in a temporary folder and a
// MySQL or MariaDB server. There is no third, pretended one.
package dbtest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
)

// ServerVariable names the environment variable that holds the URL of a MySQL
// server on which tests may create databases.
const ServerVariable = "HOMEROOM_TEST_MYSQL"

// Each runs a test once for every kind of database, each time on an empty,
// migrated database of its own. Without a server the test on MySQL is skipped and says
// so; in CI it fails, and .ci/go-test takes a test that skips for one that failed.
func Each(t *testing.T, test func(t *testing.T, d *database.DB)) {
	t.Helper()
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			test(t, Open(t, kind))
		})
	}
}

// Open returns an empty, migrated database that ends with the test.
func Open(t testing.TB, kind database.Kind) *database.DB {
	t.Helper()
	d, err := database.Open(context.Background(), URL(t, kind))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// URL returns the address of an empty, migrated database that ends with the test.
func URL(t testing.TB, kind database.Kind) string {
	t.Helper()
	if kind == database.SQLite {
		return sqliteCopy(t)
	}
	return mysqlCopy(t)
}

// template is a migrated SQLite file, made once in a process and copied by every
// test.
var template = sync.OnceValues(func() ([]byte, error) {
	folder, err := os.MkdirTemp("", "homeroom-dbtest-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "template.db")
	d, err := database.Open(context.Background(), "sqlite:"+path)
	if err != nil {
		return nil, err
	}
	if _, err := d.Migrate(context.Background()); err != nil {
		return nil, err
	}
	// Closing the last connection moves the write-ahead log into the file.
	if err := d.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func sqliteCopy(t testing.TB) string {
	t.Helper()
	content, err := template()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "homeroom.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}
