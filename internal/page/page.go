// Package page reads lists one page at a time, by keyset. A cursor holds the sort value
// and the key of a row, and the next page starts after that row, no matter what was added
// or removed in the meantime (Relay's connections).
package page

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/internal/fault"
)

// The sizes of a page.
const (
	Default = 50
	Max     = 500
)

// Args are the paging arguments of a list.
type Args struct {
	First, Last   *int
	After, Before *string
}

// Order is a column to sort by; ties are broken by the key, in the same direction. The
// cursor includes the name, so that a cursor of one order is not accepted in another.
type Order struct {
	Name     string
	Column   string
	Desc     bool
	Nullable bool
}

// Value is the sort value of a row: a string, a number, a time, or nil.
type Value any

// Query is a checked page request.
type Query struct {
	order         Order
	limit         int
	backwards     bool
	after, before *cursor
}

type cursor struct {
	Order string          `json:"o"`
	Value json.RawMessage `json:"v"`
	ID    int             `json:"i"`
	// Time says that the value is an instant, in microseconds since 1970.
	Time bool `json:"t,omitempty"`
}

// Parse checks the paging arguments of a list.
func Parse(a Args, order Order) (Query, error) {
	q := Query{order: order, limit: Default}
	switch {
	case a.First != nil && a.Last != nil:
		return q, fault.Invalidf("give first or last, not both").At("first")
	case a.First != nil:
		q.limit = *a.First
	case a.Last != nil:
		q.limit, q.backwards = *a.Last, true
	}
	if q.limit < 0 || q.limit > Max {
		return q, fault.Invalidf("a page can have 0 to %d rows, not %d", Max, q.limit).At("first")
	}
	var err error
	if q.after, err = decode(a.After, order); err != nil {
		return q, fault.From(err).At("after")
	}
	if q.before, err = decode(a.Before, order); err != nil {
		return q, fault.From(err).At("before")
	}
	return q, nil
}

// Limit is the number of rows asked for.
func (q Query) Limit() int { return q.limit }

// Select limits a statement to the page and one more row. From the extra row, Result knows
// whether there is a next page.
func (q Query) Select(s *sql.Selector) {
	if q.after != nil {
		s.Where(beyond(s, q.order, *q.after, q.order.Desc))
	}
	if q.before != nil {
		s.Where(beyond(s, q.order, *q.before, !q.order.Desc))
	}
	direction := sql.Asc
	if q.order.Desc != q.backwards {
		direction = sql.Desc
	}
	if q.order.Column != "id" {
		s.OrderBy(direction(s.C(q.order.Column)))
	}
	s.OrderBy(direction(s.C("id")))
	s.Limit(q.limit + 1)
}

// beyond is the condition for rows after a cursor. It is written out so that the databases
// read a range of the index; none of them does that for (a, b) > (?, ?). Null sorts first
// in all of them.
func beyond(s *sql.Selector, o Order, c cursor, desc bool) *sql.Predicate {
	id := s.C("id")
	idBeyond := sql.GT(id, c.ID)
	if desc {
		idBeyond = sql.LT(id, c.ID)
	}
	if o.Column == "id" {
		return idBeyond
	}
	column := s.C(o.Column)
	value := c.value()
	switch {
	case value == nil && desc:
		return sql.And(sql.IsNull(column), idBeyond)
	case value == nil:
		return sql.Or(sql.And(sql.IsNull(column), idBeyond), sql.NotNull(column))
	case desc && o.Nullable:
		return sql.Or(sql.IsNull(column), sql.LT(column, value), sql.And(sql.EQ(column, value), idBeyond))
	case desc:
		return sql.And(sql.LTE(column, value), sql.Or(sql.LT(column, value), idBeyond))
	default:
		return sql.And(sql.GTE(column, value), sql.Or(sql.GT(column, value), idBeyond))
	}
}

func (c cursor) value() any {
	var text *string
	var number *int64
	if json.Unmarshal(c.Value, &number) == nil && number != nil {
		if c.Time {
			return time.UnixMicro(*number).UTC()
		}
		return *number
	}
	if json.Unmarshal(c.Value, &text) == nil && text != nil {
		return *text
	}
	return nil
}

// Cursor returns the cursor of a row.
func (q Query) Cursor(value Value, id int) string {
	c := cursor{Order: q.order.Name, ID: id}
	if t, ok := value.(time.Time); ok {
		value, c.Time = t.UnixMicro(), true
	}
	c.Value, _ = json.Marshal(value)
	text, _ := json.Marshal(c)
	return base64.RawURLEncoding.EncodeToString(text)
}

func decode(text *string, order Order) (*cursor, error) {
	if text == nil {
		return nil, nil
	}
	var c cursor
	content, err := base64.RawURLEncoding.DecodeString(*text)
	if err == nil {
		err = json.Unmarshal(content, &c)
	}
	if err != nil || c.ID <= 0 {
		return nil, fault.Invalidf("the cursor does not come from this list").WithCode("BAD_CURSOR")
	}
	if c.Order != order.Name {
		return nil, fault.Invalidf("the cursor belongs to another sort order; start again without a cursor").
			WithCode("BAD_CURSOR")
	}
	return &c, nil
}

// Result is one page.
type Result[T any] struct {
	Items                    []T
	Cursors                  []string
	HasNextPage, HasPrevious bool
}

// NewResult removes the extra row, reverses a page that was read backwards, and gives each
// row its cursor.
func NewResult[T any](q Query, rows []T, key func(T) (Value, int)) Result[T] {
	more := len(rows) > q.limit
	if more {
		rows = rows[:q.limit]
	}
	r := Result[T]{Items: make([]T, len(rows)), Cursors: make([]string, len(rows))}
	for i, row := range rows {
		at := i
		if q.backwards {
			at = len(rows) - 1 - i
		}
		r.Items[at] = row
		value, id := key(row)
		r.Cursors[at] = q.Cursor(value, id)
	}
	if q.backwards {
		r.HasPrevious, r.HasNextPage = more, q.before != nil
	} else {
		r.HasNextPage, r.HasPrevious = more, q.after != nil
	}
	return r
}
