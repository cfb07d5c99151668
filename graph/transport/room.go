package transport

import (
	"context"
	"io"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Room is the memory that a request may hold until it is answered.
type Room interface {
	// Take takes room for some more bytes, or says why there is none.
	Take(bytes int) *gqlerror.Error
	// Hold takes room for what is about to be decoded, until Leave. It may wait a moment for
	// other requests of the same caller.
	Hold(ctx context.Context, bytes int64) *gqlerror.Error
	// Arriving says that something is arriving, of a known or unknown length. Until arrived
	// is called, it may be cut off to make room for others.
	Arriving(length int64, cut func()) (arrived func())
	// Leave gives everything back.
	Leave()
}

// room returns the room of a request, or an unlimited one if there is no limit.
func (l Limits) room(ctx context.Context) *counted {
	if l.Room == nil {
		return &counted{Room: endless{}}
	}
	return &counted{Room: l.Room(ctx)}
}

// counted is a room that knows how much has been taken, in bytes. It is used by one
// goroutine at a time.
type counted struct {
	Room
	taken int64
}

func (c *counted) Take(bytes int) *gqlerror.Error {
	c.taken += int64(bytes)
	return c.Room.Take(bytes)
}

func (c *counted) Hold(ctx context.Context, bytes int64) *gqlerror.Error {
	c.taken += bytes
	return c.Room.Hold(ctx, bytes)
}

// maxSubscription is how much the text and the decoded variables of a subscription may
// take, in bytes. They stay in memory for as long as it lasts, and it lasts for hours.
const maxSubscription = 16 << 10

// lasting refuses a subscription that takes too much to be kept.
func (c *counted) lasting() *gqlerror.Error {
	if c.taken > maxSubscription {
		return Errorf(tooLarge, "A subscription takes at most %d bytes with its decoded variables.", maxSubscription)
	}
	return nil
}

type endless struct{}

func (endless) Take(int) *gqlerror.Error                    { return nil }
func (endless) Hold(context.Context, int64) *gqlerror.Error { return nil }
func (endless) Arriving(int64, func()) func()               { return func() {} }
func (endless) Leave()                                      {}

// metered is a reader whose bytes are kept in memory. Each piece takes room first, except
// for those that are free.
type metered struct {
	io.Reader
	room Room
	free int
}

func (m *metered) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	paid := max(0, n-m.free)
	m.free -= n - paid
	if paid > 0 {
		if full := m.room.Take(paid); full != nil {
			return 0, full
		}
	}
	return n, err
}
