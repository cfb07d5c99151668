package httpd

import (
	"net/http"

	"github.com/openhomeroom/homeroom/internal/viewer"
)

// What requests may hold that are being answered, in bytes: those of one network, and
// all. A header that is whole stays until its request is answered, and that is for as
// long as the client may take to read.
const (
	workEach = 32 << 20
	workAll  = 256 << 20
	// leastWork is what an answer over HTTP/2 takes by itself: a connection has hundreds
	// of them. Over HTTP/1 it has one, and connections are bounded.
	leastWork = 16 << 10
)

// begin takes what a request holds until it is answered, and cuts it off where its
// network, or all, hold too much: an answer would be held as well.
func (s *Server) begin(r *http.Request) (end func()) {
	var size int64
	if r.ProtoMajor > 1 {
		size = leastWork
	}
	size += int64(len(r.RequestURI))
	for name, values := range r.Header {
		for _, v := range values {
			size += int64(len(name) + len(v) + 32)
		}
	}
	network := viewer.OriginOf(r.Context()).Network()
	if s.work.Take(network, size) != nil {
		panic(http.ErrAbortHandler)
	}
	return func() { s.work.Give(network, size) }
}
