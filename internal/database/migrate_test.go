package database_test

import (
	"context"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

func TestMigrate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		done, err := d.Migrate(context.Background())
		if err != nil || len(done) != 0 {
			t.Fatalf("a second run applied %v, %v; want nothing", done, err)
		}
		if pending, err := d.Pending(context.Background()); err != nil || len(pending) != 0 {
			t.Fatalf("pending %v, %v; want nothing", pending, err)
		}
	})
}
