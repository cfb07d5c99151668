package httpd

import (
	"container/list"
	"net"
	"net/http"
	"sync"
)

// maxConnections is how many connections may be open, even if the operating system allows
// more.
const maxConnections = 16_384

// mostConnections leaves half of the process's file descriptors to the database, to
// uploads and to the program itself.
func mostConnections() int {
	files := openFiles()
	if files <= 0 {
		return maxConnections
	}
	return int(min(maxConnections, max(16, files/2)))
}

// connections closes the connections that have been idle for the longest time when the
// server has as many as it accepts. An idle connection costs a client nothing and the
// server a file descriptor, so a stranger could use up all of them. Connections with a
// running request are never closed here; the limits of requests bound their number.
type connections struct {
	most int

	mu   sync.Mutex
	open int
	// silent are the idle connections, the one that has been idle longest first.
	silent *list.List
	at     map[net.Conn]*list.Element
}

func newConnections(most int) *connections {
	return &connections{most: most, silent: list.New(), at: map[net.Conn]*list.Element{}}
}

// state is the ConnState of an http.Server. A new connection is idle until its first
// request arrives.
func (c *connections) state(conn net.Conn, state http.ConnState) {
	if a, ok := bare(conn).(*arrivingConn); ok {
		if state == http.StateNew || state == http.StateIdle {
			a.begins()
		} else {
			a.arrived()
		}
	}
	for _, old := range c.changed(conn, state) {
		// StateClosed follows, and takes it out of the count.
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
		// WebSockets have a limit of their own.
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
