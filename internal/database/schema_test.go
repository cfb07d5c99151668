package database_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"

	dbmigrate "github.com/openhomeroom/homeroom/ent/db/migrate"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// TestTheMigrationsBuildTheSchema fails if ent/schema has changed without a migration.
func TestTheMigrationsBuildTheSchema(t *testing.T) {
	t.Parallel()
	for kind, name := range map[database.Kind]string{database.SQLite: dialect.SQLite, database.MySQL: dialect.MySQL} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			url := "sqlite:" + t.TempDir() + "/new.db"
			if kind == database.MySQL {
				url = dbtest.EmptyMySQL(t)
			}
			d, err := database.Open(context.Background(), url)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if _, err := d.Migrate(context.Background()); err != nil {
				t.Fatal(err)
			}
			conn, err := database.OpenSQL(url)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			var missing bytes.Buffer
			writer := &schema.WriteDriver{Driver: entsql.OpenDB(name, conn), Writer: &missing}
			m, err := schema.NewMigrate(writer, schema.WithDropColumn(true), schema.WithDropIndex(true))
			if err != nil {
				t.Fatal(err)
			}
			if err := m.Create(context.Background(), dbmigrate.Tables...); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(missing.String()) {
				if s := strings.TrimSpace(line); s != "" && s != "BEGIN;" && s != "COMMIT;" && !strings.HasPrefix(s, "PRAGMA") {
					t.Errorf("no migration does: %s", s)
				}
			}
		})
	}
}
