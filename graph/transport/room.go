package transport

import (
	"context"
	"io"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Room is the memory that what one request sends may take until it is answered.
type Room interface {
	// Take takes room for some bytes more, or says why there is none.
	Take(bytes int) *gqlerror.Error
	// Arriving says that something of a length, or of an unknown one, is on its way. Until
	// arrived is called it may have to make room for others, and is cut off.
	Arriving(length int64, cut func()) (arrived func())
	// Leave gives everything back.
	Leave()
}

// room is that of a request, or one without end where nobody bounds it.
func (l Limits) room(ctx context.Context) Room {
	if l.Room == nil {
		return endless{}
	}
	return l.Room(ctx)
}

type endless struct{}

func (endless) Take(int) *gqlerror.Error      { return nil }
func (endless) Arriving(int64, func()) func() { return func() {} }
func (endless) Leave()                        {}

// metered is a reader whose bytes are kept in memory, so that each piece takes room
// before it is kept.
type metered struct {
	io.Reader
	room Room
}

func (m metered) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	if n > 0 {
		if full := m.room.Take(n); full != nil {
			return 0, full
		}
	}
	return n, err
}
