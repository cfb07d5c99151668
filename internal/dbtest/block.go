package dbtest

import (
	"context"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Block keeps others from a table until the returned function is called: on MySQL from
// reading and writing it, on SQLite from writing anything.
func Block(t testing.TB, d *database.DB, table string) (free func()) {
	t.Helper()
	held, end, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		err := d.InTx(viewer.AsSystem(context.Background(), "a test"), func(ctx context.Context, client *db.Client) error {
			if d.Kind() == database.MySQL {
				if _, err := client.ExecContext(ctx, "LOCK TABLES `"+table+"` WRITE"); err != nil {
					return err
				}
				defer func() { _, _ = client.ExecContext(ctx, "UNLOCK TABLES") }()
			}
			close(held)
			<-end
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}()
	<-held
	return func() { close(end); <-ended }
}
