package share

import (
	"errors"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/graph/transport"
	"github.com/openhomeroom/homeroom/internal/allowance"
)

// TooManyRequests is the code for more than a caller may have.
const TooManyRequests = "TOO_MANY_REQUESTS"

// RetrySeconds is after how many seconds to try again if there was no room.
const RetrySeconds = 5

// Refusal returns the error for a caller whom an allowance has refused.
func Refusal(err error, own *gqlerror.Error) *gqlerror.Error {
	switch {
	case errors.Is(err, allowance.ErrAll):
		return errBusy
	case errors.Is(err, allowance.ErrGroup):
		return errDistrictBusy
	default:
		return own
	}
}

// RetryLater returns an error for a lack of room.
func RetryLater(code, message string) *gqlerror.Error {
	e := transport.Errorf(code, "%s", message)
	e.Extensions[transport.RetryAfterSeconds] = RetrySeconds
	return e
}

var (
	errTooManyStrangers = RetryLater(TooManyRequests,
		"Too many connections from your network have not signed in yet; try again in a moment.")
	errDisplaced      = RetryLater(TooManyRequests, "Others on your network are connecting; try again in a moment.")
	errTooManySockets = RetryLater(TooManyRequests, "You have too many connections in use; close other windows.")
	errTooManyBytes   = RetryLater(TooManyRequests,
		"You are sending too much at the same time; wait for some of it to arrive.")
	// ErrTooManyRequests refuses somebody whose caller or district has too many requests.
	ErrTooManyRequests = RetryLater(TooManyRequests,
		"You or your district have too many requests running; wait for some to end.")
	errDistrictBusy = RetryLater(TooManyRequests, "Your district is doing too much at the same time; try again in a "+
		"moment.")
	errBusy = RetryLater("UNAVAILABLE", "The server is busy with other callers; try again in a moment.")
)
