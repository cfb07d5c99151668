package httpd

import (
	"net/http"

	"github.com/openhomeroom/homeroom/internal/viewer"
)

// How many bytes requests may hold while they are answered, for one network and for all.
// The header of a request stays until the request is answered, which takes as long as the
// client takes to read.
const (
	workEach = 32 << 20
	workAll  = 256 << 20
	// leastWork is what an answer over HTTP/2 takes by itself; a connection can have
	// hundreds. Over HTTP/1 it has one, and connections are limited.
	leastWork = 16 << 10
)

// begin takes what a request holds until it is answered. It cuts the request off if its
// network, or all together, hold too much, because the answer would be held too.
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
