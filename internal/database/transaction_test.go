package database_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/product"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
)

func TestInTx(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		ctx := fixture.System()
		count := func() int { return d.Client(ctx).Product.Query().Where(product.IDGT(0)).CountX(ctx) }
		create := func(ctx context.Context, client *db.Client) error {
			return client.Product.Create().SetCode("MATH").Exec(ctx)
		}

		t.Run("an error rolls everything back", func(t *testing.T) {
			broken := errors.New("broken")
			err := d.InTx(ctx, func(ctx context.Context, client *db.Client) error {
				return errors.Join(create(ctx, client), broken)
			})
			if !errors.Is(err, broken) || count() != 0 {
				t.Errorf("%v, %d products; want the error and none", err, count())
			}
		})
		t.Run("a panic rolls everything back", func(t *testing.T) {
			func() {
				defer func() { _ = recover() }()
				_ = d.InTx(ctx, func(ctx context.Context, client *db.Client) error {
					_ = create(ctx, client)
					panic("broken")
				})
			}()
			if n := count(); n != 0 {
				t.Errorf("%d products; want none", n)
			}
		})
		t.Run("a transaction inside of another joins it", func(t *testing.T) {
			broken := errors.New("broken")
			_ = d.InTx(ctx, func(ctx context.Context, _ *db.Client) error {
				if err := d.InTx(ctx, create); err != nil {
					return err
				}
				return broken
			})
			if n := count(); n != 0 {
				t.Errorf("%d products; want none", n)
			}
		})
		t.Run("transactions that wait for each other in a circle all end", func(t *testing.T) {
			w := fixture.New(t, d)
			groups := []int{w.Algebra.ID, w.Biology.ID, w.Chemistry.ID}
			var all sync.WaitGroup
			for i := range 6 {
				all.Go(func() {
					for round := range 10 {
						err := d.InTx(ctx, func(ctx context.Context, client *db.Client) error {
							for step := range groups {
								// Each starts at another group: the wrong order, on purpose.
								id := groups[(i+round+step)%len(groups)]
								if err := client.Group.UpdateOneID(id).AddVersion(1).Exec(ctx); err != nil {
									return err
								}
							}
							return nil
						})
						if err != nil {
							t.Errorf("transaction %d, round %d: %v", i, round, err)
						}
					}
				})
			}
			all.Wait()
			for _, g := range d.Client(ctx).Group.Query().Where(group.IDIn(groups...)).AllX(ctx) {
				if g.Version != 1+6*10 {
					t.Errorf("%s has version %d; want %d: a change was lost or doubled", g.Name, g.Version, 1+6*10)
				}
			}
		})
	})
}

func TestSnapshot(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		ctx := fixture.System()
		count := func(ctx context.Context) int { return d.Client(ctx).Product.Query().Where(product.IDGT(0)).CountX(ctx) }
		create := func(code string) { d.Client(ctx).Product.Create().SetCode(code).ExecX(ctx) }
		create("BEFORE")
		snapshot, end := d.Snapshot(ctx)
		if n := count(snapshot); n != 1 {
			t.Fatalf("%d products; want 1", n)
		}
		create("MEANWHILE")
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if n := count(snapshot); n != 1 {
					t.Errorf("the snapshot has %d products; want 1 as before", n)
				}
			})
		}
		all.Wait()
		if err := d.Client(snapshot).Product.Create().SetCode("WITHIN").Exec(snapshot); err == nil {
			t.Error("a snapshot let somebody write")
		}
		end()
		if n := count(ctx); n != 2 {
			t.Errorf("%d products after the snapshot; want 2", n)
		}
	})
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "postgres://x", "sqlite:", "sqlite::memory:", "mysql:///x", "mysql://h/x?unknown=1"} {
		if database.CheckURL(url) == nil {
			t.Errorf("%q was accepted", url)
		}
	}
	for _, url := range []string{"sqlite:x.db", "sqlite:///var/x.db", "mysql://u:p%40ss@h:3306/x", "mariadb://h/x",
		"mysql://u@localhost/x?socket=/run/x.sock"} {
		if err := database.CheckURL(url); err != nil {
			t.Errorf("%q: %v", url, err)
		}
	}
}
