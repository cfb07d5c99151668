package usage

import (
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/openhomeroom/homeroom/internal/fault"
)

// Limits of what is recorded.
const (
	// MaxEvents is the largest number of events in one call.
	MaxEvents = 1000
	// MaxEventSeconds is the longest event: a day.
	MaxEventSeconds = 24 * 60 * 60
	// MaxClockSkew is how far a product's clock may be ahead of the server's.
	MaxClockSkew = 5 * time.Minute
	// MaxEventIDLength counts characters.
	MaxEventIDLength = 128
)

// UnknownStudent is the code of an event whose student is not in the organization: never
// was, has moved away, or is deleted.
const UnknownStudent = "UNKNOWN_STUDENT"

// Event is one stretch of usage, as a learning product reports it.
type Event struct {
	// ID is the product's name for the event: 1 to 128 characters, unique in the district.
	// An ID counts once, however often it is sent and whatever else the event says.
	ID string
	// StudentExternalID is the district's Student ID.
	StudentExternalID string
	// ProductCode is 1 to 64 letters, digits, _ . or -. A new code is registered.
	ProductCode string
	// StartedAt decides on the day. All seconds count on the day on which the event began
	// in the school's time zone.
	StartedAt time.Time
	// Seconds is 1 to MaxEventSeconds.
	Seconds int
}

var productCode = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// earliest is the first instant at which an event may have begun: August 1, two calendar
// years ago. Products may deliver the whole last school year late; clocks that were never
// set are refused.
func earliest(now time.Time) time.Time {
	return time.Date(now.UTC().Year()-2, time.August, 1, 0, 0, 0, 0, time.UTC)
}

// problems returns what is wrong with the event itself. The field paths begin with
// events.i.
func (e Event) problems(i int, now time.Time) []*fault.Error {
	var found []*fault.Error
	bad := func(field, format string, args ...any) {
		found = append(found, fault.Invalidf(format, args...).At("events", i, field))
	}
	switch n := utf8.RuneCountInString(e.ID); {
	case n < 1 || n > MaxEventIDLength:
		bad("eventId", "an event id must have 1 to %d characters", MaxEventIDLength)
	// Databases disagree on whether trailing blanks make two texts different.
	case strings.TrimSpace(e.ID) != e.ID || strings.ContainsFunc(e.ID, unicode.IsControl) || !utf8.ValidString(e.ID):
		bad("eventId", "an event id must not begin or end with a space or hold control characters")
	}
	if !productCode.MatchString(e.ProductCode) {
		bad("productCode", "a product code must have 1 to 64 letters, digits, dots, hyphens or underscores")
	}
	switch {
	case e.StartedAt.After(now.Add(MaxClockSkew)):
		bad("startedAt", "the event lies in the future; check the clock of the product")
	case e.StartedAt.Before(earliest(now)):
		bad("startedAt", "usage is recorded from %s on", earliest(now).Format(time.DateOnly))
	}
	if e.Seconds < 1 || e.Seconds > MaxEventSeconds {
		bad("seconds", "seconds must be 1 to %d", MaxEventSeconds)
	}
	return found
}
