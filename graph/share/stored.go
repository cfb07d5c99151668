package share

import (
	"context"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/graph/transport"
	"github.com/openhomeroom/homeroom/internal/allowance"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

var errTooManyStored = RetryLater(TooManyRequests,
	"Files of yours that are arriving take as much room as you have; wait for some to end.")

// storedShare is the fraction of the storage that one caller gets: a quarter.
const storedShare = 4

// Stored is the storage for files that arrive or are about to become jobs, in memory and
// on disk.
type Stored struct {
	pool      *allowance.Pool
	each, all int64
}

// NewStored returns storage for files, in bytes; upload is the largest request with files.
func NewStored(storage, upload int64) *Stored {
	// Whatever the setting, a district has room for one request.
	all := max(storage, 2*upload)
	return &Stored{pool: allowance.NewPool(), each: max(all/storedShare, upload), all: all}
}

// Room returns the room of a new request with files.
func (s *Stored) Room(ctx context.Context) transport.Room {
	return storedRoom{s.pool.Enter(nil, levelsOf(viewer.FromContext(ctx), s.each, s.all)...)}
}

// storedRoom is the storage of one request. It lasts until the request is answered,
// however that ends.
type storedRoom struct{ *allowance.Holder }

// Take implements transport.Room.
func (s storedRoom) Take(bytes int) *gqlerror.Error {
	if err := s.Holder.Take(int64(bytes)); err != nil {
		return Refusal(err, errTooManyStored)
	}
	return nil
}

// Hold implements transport.Room.
func (s storedRoom) Hold(_ context.Context, bytes int64) *gqlerror.Error { return s.Take(int(bytes)) }

// Arriving implements transport.Room. Nothing makes room here, because uploads have a
// minimum speed.
func (storedRoom) Arriving(int64, func()) func() { return func() {} }
