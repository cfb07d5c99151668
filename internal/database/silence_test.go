package database_test

import (
	"context"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// A server that freezes in the middle of a transaction must not keep its locks
// for the eight hours that are usual.
func TestASilentTransactionEnds(t *testing.T) {
	t.Parallel()
	conn, err := database.OpenSQL(dbtest.URL(t, database.MySQL))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var seconds int
	if err := conn.QueryRowContext(context.Background(), "SELECT @@SESSION.wait_timeout").Scan(&seconds); err != nil ||
		seconds != 20 {
		t.Errorf("the database waits %d s, %v", seconds, err)
	}
}
