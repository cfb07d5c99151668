// Command diff writes the migration from the files in ent/migrations to ent/schema, for
// both kinds of databases. Run it from the root of the repository as `make migration
// NAME=what_changes`; HOMEROOM_TEST_MYSQL names a server on which it may create and drop a
// database.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"ariga.io/atlas/sql/migrate"
	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"

	dbmigrate "github.com/openhomeroom/homeroom/ent/db/migrate"
	"github.com/openhomeroom/homeroom/internal/database"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: diff NAME")
	}
	if err := run(context.Background(), os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, name string) error {
	scratch, err := os.MkdirTemp("", "homeroom-diff-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	lite, err := sql.Open(database.SQLite.DriverName(),
		"file:"+filepath.Join(scratch, "diff.db")+"?_pragma=foreign_keys(1)")
	if err != nil {
		return err
	}
	defer lite.Close()
	if err := diff(ctx, dialect.SQLite, "sqlite", lite, name); err != nil {
		return err
	}

	server := os.Getenv("HOMEROOM_TEST_MYSQL")
	if server == "" {
		return fmt.Errorf("HOMEROOM_TEST_MYSQL is not set; run this through `make migration NAME=%s`", name)
	}
	scratchDB, drop, err := database.Scratch(ctx, server, "homeroom_diff")
	if err != nil {
		return err
	}
	defer drop()
	my, err := database.OpenSQL(scratchDB)
	if err != nil {
		return err
	}
	defer my.Close()
	return diff(ctx, dialect.MySQL, "mysql", my, name)
}

func diff(ctx context.Context, dialectName, folder string, conn *sql.DB, name string) error {
	dir, err := migrate.NewLocalDir(filepath.Join("ent", "migrations", folder))
	if err != nil {
		return err
	}
	m, err := schema.NewMigrate(entsql.OpenDB(dialectName, conn),
		schema.WithDir(dir),
		schema.WithMigrationMode(schema.ModeReplay),
		schema.WithDialect(dialectName),
		schema.WithFormatter(migrate.DefaultFormatter),
		schema.WithDropColumn(true), schema.WithDropIndex(true))
	if err != nil {
		return err
	}
	return m.NamedDiff(ctx, name, dbmigrate.Tables...)
}
