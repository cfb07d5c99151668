// Package scalar reads and writes the scalars of the API.
package scalar

import (
	"io"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/fault"
)

// MarshalDateTime writes an instant in UTC as in RFC 3339, with as many digits of a second
// as it has.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		_, _ = io.WriteString(w, strconv.Quote(t.UTC().Format(time.RFC3339Nano)))
	})
}

// UnmarshalDateTime reads an instant of any time zone.
func UnmarshalDateTime(v any) (time.Time, error) {
	s, ok := v.(string)
	if ok {
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fault.Invalidf("a DateTime is text such as 2026-11-18T15:04:05Z")
}

// MarshalDate writes a day as YYYY-MM-DD.
func MarshalDate(d calendar.Day) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(d.String())) })
}

// UnmarshalDate reads YYYY-MM-DD.
func UnmarshalDate(v any) (calendar.Day, error) {
	if s, ok := v.(string); ok {
		if day, err := calendar.ParseDay(s); err == nil {
			return day, nil
		}
	}
	return 0, fault.Invalidf("a Date is text such as 2026-11-18")
}
