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
	// Arriving says that something is arriving, of a known or unknown length. Until arrived
	// is called, it may be cut off to make room for others.
	Arriving(length int64, cut func()) (arrived func())
	// Leave gives everything back.
	Leave()
}

// room returns the room of a request, or an unlimited one if there is no limit.
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

// metered is a reader whose bytes are kept in memory. Each piece takes room first.
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
