package page_test

import (
	"encoding/base64"
	"errors"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/page"
)

var orders = []page.Order{
	{Name: "NAME", Column: "sort_name"},
	{Name: "LAST_ACTIVE", Column: "last_active_at", Nullable: true},
	{Name: "MINUTES", Column: "seconds", Desc: true},
	{Name: "LATEST", Column: "id", Desc: true},
}

// FuzzCursor holds that a text is a cursor of the list, or refused as BAD_CURSOR,
// and that no text of a cursor gets into the statement but as an argument.
func FuzzCursor(f *testing.F) {
	for i, o := range orders {
		q, err := page.Parse(page.Args{}, o)
		if err != nil {
			f.Fatal(err)
		}
		for _, v := range []page.Value{"lovelace  ada", 7, int64(1) << 60, nil, time.Unix(1_800_000_000, 0).UTC()} {
			f.Add(q.Cursor(v, 42), i, 10)
		}
	}
	for _, raw := range []string{`{}`, `{"o":"NAME","i":1}`, `{"o":"NAME","v":{},"i":1}`, `{"o":"NAME","v":[1],"i":1}`,
		`{"o":"NAME","v":1e99,"i":1}`, `{"o":"NAME","v":"x","i":-1}`,
		`{"o":"NAME","v":"'; DROP TABLE students; --","i":9223372036854775807}`,
		`{"o":"LAST_ACTIVE","v":9223372036854775807,"t":true,"i":1}`, `{"o":"NAME","v":"\u0000","i":1}`, `null`, `[]`} {
		f.Add(base64.RawURLEncoding.EncodeToString([]byte(raw)), 0, 1)
	}
	f.Add("nonsense", 0, -1)
	f.Fuzz(func(t *testing.T, cursor string, order, first int) {
		o := orders[uint(order)%uint(len(orders))]
		for _, args := range []page.Args{{First: &first, After: &cursor}, {Last: &first, Before: &cursor}} {
			q, err := page.Parse(args, o)
			if err != nil {
				var e *fault.Error
				if !errors.As(err, &e) || e.Kind != fault.Invalid || e.Field == "" {
					t.Fatalf("refused as %#v", err)
				}
				continue
			}
			if q.Limit() < 0 || q.Limit() > page.Max {
				t.Fatalf("a page of %d rows", q.Limit())
			}
			s := sql.Dialect(dialect.MySQL).Select("*").From(sql.Table("rows"))
			q.Select(s)
			statement, arguments := s.Query()
			// A cursor only chooses between the forms of one condition.
			if known := shapes[statement]; !known {
				t.Fatalf("statement %s with %v", statement, arguments)
			}
		}
	})
}

// shapes are all statements that there may be.
var shapes = func() map[string]bool {
	all := map[string]bool{}
	for _, o := range orders {
		for _, value := range []page.Value{nil, "x", 1, time.Now()} {
			q, _ := page.Parse(page.Args{}, o)
			cursor := q.Cursor(value, 1)
			for limit := range page.Max + 1 {
				for _, args := range []page.Args{{First: &limit, After: &cursor}, {Last: &limit, Before: &cursor}} {
					q, err := page.Parse(args, o)
					if err != nil {
						panic(err)
					}
					s := sql.Dialect(dialect.MySQL).Select("*").From(sql.Table("rows"))
					q.Select(s)
					statement, _ := s.Query()
					all[statement] = true
				}
			}
		}
	}
	return all
}()

// FuzzCursorRoundTrip checks that the page after the cursor of a row begins after that
// row.
func FuzzCursorRoundTrip(f *testing.F) {
	f.Add("lovelace  ada", 1)
	f.Add("\xff\x00\u2028<>&", 1<<40)
	f.Fuzz(func(t *testing.T, value string, id int) {
		q, err := page.Parse(page.Args{}, orders[0])
		if err != nil {
			t.Fatal(err)
		}
		cursor := q.Cursor(value, id)
		_, err = page.Parse(page.Args{After: &cursor}, orders[0])
		if (err == nil) != (id > 0) {
			t.Fatalf("the cursor of %q, %d: %v", value, id, err)
		}
		if _, err := page.Parse(page.Args{After: &cursor}, orders[1]); err == nil {
			t.Fatal("a cursor is taken in another order")
		}
	})
}
