package httpd

import (
	"container/list"
	"net"
	"net/http"
	"sync"
)

// maxConnections is how many connections are open at a time where the operating
// system would allow more.
const maxConnections = 16_384

// mostConnections leaves half of the files that the process may open to the database,
// to uploads and to the program itself.
func mostConnections() int {
	files := openFiles()
	if files <= 0 {
		return maxConnections
	}
	return int(min(maxConnections, max(16, files/2)))
}

// connections closes those that have waited longest for a next request when there
// are as many as the server takes. A connection that has asked once costs whoever
// keeps it open nothing, and the server one of its files, so that a stranger could
// leave it none. Those at which a request is at work are never closed here: their
// number is bounded by what requests may hold.
type connections struct {
	most int

	mu   sync.Mutex
	open int
	// silent are the connections that wait for a request, the one that has waited
	// longest first.
	silent *list.List
	at     map[net.Conn]*list.Element
}

func newConnections(most int) *connections {
	return &connections{most: most, silent: list.New(), at: map[net.Conn]*list.Element{}}
}

// state is the ConnState of an http.Server. A new connection is silent until its
// first request has come.
func (c *connections) state(conn net.Conn, state http.ConnState) {
	if a, ok := bare(conn).(*arrivingConn); ok {
		if state == http.StateNew || state == http.StateIdle {
			a.begins()
		} else {
			a.arrived()
		}
	}
	for _, old := range c.changed(conn, state) {
		// Its own state follows, and takes it out of the count.
		_ = bare(old).Close()
	}
}

func (c *connections) changed(conn net.Conn, state http.ConnState) (surplus []net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.at[conn]; e != nil {
		c.silent.Remove(e)
		delete(c.at, conn)
	}
	switch state {
	case http.StateNew:
		c.open++
		c.at[conn] = c.silent.PushBack(conn)
	case http.StateIdle:
		c.at[conn] = c.silent.PushBack(conn)
	case http.StateClosed, http.StateHijacked:
		// A connection that has become a WebSocket is bounded as such.
		c.open--
	}
	for n := c.open - c.most; n > 0 && c.silent.Len() > 1; n-- {
		oldest := c.silent.Front()
		old := c.silent.Remove(oldest).(net.Conn)
		delete(c.at, old)
		surplus = append(surplus, old)
	}
	return surplus
}
