package database_test

import (
	"context"
	"errors"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
)

type nothing struct{}

func (nothing) End(context.Context, *db.Client) error { return nil }

func TestMade(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		onRecord := func(ctx context.Context, client *db.Client) error {
			database.AtEnd(ctx, "trail", func() database.Ending { return nothing{} })
			return client.Product.Create().SetCode("MATH").Exec(ctx)
		}
		for name, c := range map[string]struct {
			fn   func(ctx context.Context, client *db.Client) error
			want bool
		}{
			"a transaction that is rolled back": {func(ctx context.Context, client *db.Client) error {
				return errors.Join(onRecord(ctx, client), errors.New("broken"))
			}, false},
			"a transaction that does nothing at its end": {func(context.Context, *db.Client) error { return nil }, false},
			"a change on record":                         {onRecord, true},
		} {
			ctx, made := database.WithMade(fixture.System())
			_ = d.InTx(ctx, c.fn)
			if made.Any() != c.want {
				t.Errorf("%s: %v", name, made.Any())
			}
		}
		ctx, made := database.WithMade(fixture.System())
		_ = d.InTx(database.WithoutMade(ctx), func(ctx context.Context, _ *db.Client) error {
			database.AtEnd(ctx, "trail", func() database.Ending { return nothing{} })
			return nil
		})
		if made.Any() {
			t.Error("what is written beside an answer")
		}
	})
}
