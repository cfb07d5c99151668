package database_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/openhomeroom/homeroom/ent/migrations"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

func TestSeveralServersMigrateAtOnce(t *testing.T) {
	t.Parallel()
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			url := "sqlite:" + t.TempDir() + "/new.db"
			if kind == database.MySQL {
				url = dbtest.EmptyMySQL(t)
			}
			var all sync.WaitGroup
			var mu sync.Mutex
			applied := map[string]int{}
			for range 5 {
				all.Go(func() {
					d, err := database.Open(context.Background(), url)
					if err != nil {
						t.Error(err)
						return
					}
					defer d.Close()
					done, err := d.Migrate(context.Background())
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					defer mu.Unlock()
					for _, name := range done {
						applied[name]++
					}
				})
			}
			all.Wait()
			files, err := migrations.Files(string(kind))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				if applied[f.Name] != 1 {
					t.Errorf("%s was applied %d times", f.Name, applied[f.Name])
				}
			}
		})
	}
}

func TestAMigrationThatIsToldToStopEndsBetweenTwoStatements(t *testing.T) {
	t.Parallel()
	d, conn := empty(t)
	ctx, cancel := context.WithCancel(t.Context())
	ran := ""
	_, err := d.MigrateFiles(ctx, everyKind, func(m database.Moment, statement string) error {
		cancel()
		if m == database.Ran {
			ran += statement
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || ran != statements(t, everyKind)[0] {
		t.Fatalf("%v; ran %q", err, ran)
	}
	if got := texts(t, conn, "SELECT applied FROM schema_revisions"); len(got) != 1 || got[0] != "1" {
		t.Errorf("the notes say %v", got)
	}
	if owners := texts(t, conn, "SELECT owner FROM schema_lease"); len(owners) != 1 || owners[0] != "" {
		t.Errorf("the lease belongs to %q", owners)
	}
	if _, err := d.MigrateFiles(t.Context(), everyKind, never); err != nil {
		t.Error(err)
	}
}

func TestAMigratorThatHasLostItsLeaseWritesNothingMore(t *testing.T) {
	t.Parallel()
	d, conn := empty(t)
	seen := map[string]int{}
	taken := false
	_, err := d.MigrateFiles(t.Context(), everyKind, func(m database.Moment, statement string) error {
		if m == database.Noted {
			seen[statement]++
		}
		if !taken && m == database.Ran && statement == statements(t, everyKind)[1] {
			taken = true
			// It was asleep for so long that another server has claimed the lease, and ended.
			run(t, conn, "UPDATE schema_lease SET owner = 'another', until = NOW(6) - INTERVAL 1 SECOND")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for statement, n := range seen {
		if n != 1 {
			t.Errorf("%d times: %s", n, statement)
		}
	}
}

func TestAMigrationThatMeetsADeadlockTriesAgain(t *testing.T) {
	t.Parallel()
	d, _ := empty(t)
	tries := map[string]int{}
	_, err := d.MigrateFiles(t.Context(), everyKind, func(m database.Moment, statement string) error {
		if m == database.Ran {
			return nil
		}
		if tries[statement]++; tries[statement] < 3 {
			return &mysql.MySQLError{Number: 1213, Message: "Deadlock found when trying to get lock; try restarting transaction"}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range statements(t, everyKind) {
		if tries[statement] != 3 {
			t.Errorf("%d tries of %s", tries[statement], statement)
		}
	}
}
