package database_test

import (
	"context"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/product"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
)

func TestATransactionThatLosesItsConnection(t *testing.T) {
	t.Parallel()
	proxy := dbtest.NewProxy(t, dbtest.URL(t, database.MySQL))
	d, err := database.Open(t.Context(), proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	ctx := fixture.System()
	count := func(code string) int {
		return d.Client(ctx).Product.Query().Where(product.Code(code)).CountX(ctx)
	}
	create := func(code string) (runs int, err error) {
		err = d.InTx(ctx, func(ctx context.Context, client *db.Client) error {
			runs++
			return client.Product.Create().SetCode(code).Exec(ctx)
		})
		return runs, err
	}
	const commit = "\x03COMMIT"

	for name, text := range map[string]string{
		"at its beginning": "START TRANSACTION",
		"at a statement":   "INSERT INTO `products`",
	} {
		t.Run(name+" is tried again", func(t *testing.T) {
			proxy.CutBefore(text, 2)
			runs, err := create(name)
			if err != nil || count(name) != 1 {
				t.Errorf("after %d runs: %v, %d rows", runs, err, count(name))
			}
		})
	}
	t.Run("when a statement has been answered is tried again and done once", func(t *testing.T) {
		proxy.CutAnswer("INSERT INTO `products`", 1)
		if runs, err := create("ANSWER"); err != nil || runs != 2 || count("ANSWER") != 1 {
			t.Errorf("after %d runs: %v, %d rows", runs, err, count("ANSWER"))
		}
	})
	for name, cut := range map[string]func(string, int){"before": proxy.CutBefore, "after": proxy.CutAnswer} {
		t.Run(name+" the database has got the commit is not tried again", func(t *testing.T) {
			cut(commit, 1)
			runs, err := create(name)
			if database.TroubleOf(err) != database.Uncertain || runs != 1 {
				t.Errorf("after %d runs: %v", runs, err)
			}
			if want := map[string]int{"before": 0, "after": 1}[name]; count(name) != want {
				t.Errorf("%d rows, want %d", count(name), want)
			}
		})
	}
	t.Run("and the database with it says so", func(t *testing.T) {
		proxy.Down()
		if _, err := create("DOWN"); database.TroubleOf(err) != database.Unreachable {
			t.Errorf("got %v", err)
		}
		proxy.Up()
		if runs, err := create("UP"); err != nil || runs != 1 {
			t.Errorf("after %d runs: %v", runs, err)
		}
	})
}
