package rule_test

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// rehearsal is a driver that changes nothing: instead of an UPDATE or a DELETE it
// reads which rows the statement would reach, and it stops an INSERT. So every cell
// of the table is tried on the same districts.
type rehearsal struct {
	dialect.Driver
	// reached are the keys of the rows that the statements would have changed.
	reached *[]int
}

// errReached is what an INSERT ends with: the policy has let it pass.
var errReached = errors.New("the statement has reached the database")

// rehearse returns a client whose changes are rehearsed, and what they reached.
func rehearse(t *testing.T, kind database.Kind, url string) (*db.Client, *[]int) {
	t.Helper()
	conn, err := database.OpenSQL(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	name := dialect.SQLite
	if kind == database.MySQL {
		name = dialect.MySQL
	}
	reached := new([]int)
	return db.NewClient(db.Driver(rehearsal{sql.OpenDB(name, conn), reached})), reached
}

// eachKind runs a test for both kinds of databases, with the address of each.
func eachKind(t *testing.T, test func(t *testing.T, kind database.Kind, url string)) {
	for _, kind := range []database.Kind{database.SQLite, database.MySQL} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			test(t, kind, dbtest.URL(t, kind))
		})
	}
}

func (r rehearsal) Tx(context.Context) (dialect.Tx, error) { return dialect.NopTx(r), nil }

func (r rehearsal) Query(ctx context.Context, query string, args, v any) error {
	if strings.HasPrefix(query, "INSERT") {
		return errReached
	}
	return r.Driver.Query(ctx, query, args, v)
}

// changed is the beginning of a statement that changes rows, before its WHERE.
var changed = regexp.MustCompile("^(?:UPDATE|DELETE FROM) (`\\w+`)")

func (r rehearsal) Exec(ctx context.Context, query string, args, v any) error {
	table := changed.FindStringSubmatch(query)
	if table == nil {
		return errReached
	}
	before, where, _ := strings.Cut(query, " WHERE ")
	if where == "" {
		where = "1 = 1"
	}
	rows := &sql.Rows{}
	err := r.Driver.Query(ctx, "SELECT id FROM "+table[1]+" WHERE "+where, args.([]any)[strings.Count(before, "?"):], rows)
	if err != nil {
		return err
	}
	defer rows.Close()
	var ids []int
	if err := sql.ScanSlice(rows, &ids); err != nil {
		return err
	}
	slices.Sort(ids)
	*r.reached = append(*r.reached, ids...)
	if result, ok := v.(*sql.Result); ok {
		*result = rehearsed(len(ids))
	}
	return nil
}

// rehearsed is the result of a statement that has not changed as many rows.
type rehearsed int64

func (rehearsed) LastInsertId() (int64, error)   { return 0, errReached }
func (n rehearsed) RowsAffected() (int64, error) { return int64(n), nil }
