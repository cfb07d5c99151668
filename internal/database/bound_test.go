package database_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// forever are statements that would take minutes.
var forever = map[database.Kind]string{
	database.SQLite: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n",
	database.MySQL: "SELECT COUNT(*) FROM information_schema.columns a, information_schema.columns b, " +
		"information_schema.columns c",
}

func TestStatementsAreBounded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		d.BoundStatements(300 * time.Millisecond)
		run := func(ctx context.Context) error {
			rows, err := d.Query(ctx, forever[d.Kind()])
			if err != nil {
				return err
			}
			defer rows.Close()
			rows.Next()
			return rows.Err()
		}
		if d.Kind() == database.MySQL {
			t.Run("a statement that takes too long is given up by the database", func(t *testing.T) {
				start := time.Now()
				if err := run(context.Background()); !database.TookTooLong(err) {
					t.Errorf("after %v: %v", time.Since(start), err)
				}
			})
			t.Run("a short one is not", func(t *testing.T) {
				rows, err := d.Query(context.Background(), "SELECT 1")
				if err != nil {
					t.Fatal(err)
				}
				rows.Close()
			})
		}
		t.Run("a statement ends with its request", func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
			defer cancel()
			done := make(chan error, 1)
			go func() { done <- run(ctx) }()
			select {
			case err := <-done:
				if err == nil || errors.Is(err, context.Canceled) {
					t.Errorf("got %v", err)
				}
			case <-time.After(5 * time.Minute):
				t.Error("it still runs")
			}
		})
	})
}
