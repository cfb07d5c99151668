package httpd

import (
	"container/list"
	"context"
	"net"
	"net/http"
	"net/netip"
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

// connections limits how many connections are open, from one network and in total. If
// there are too many, it closes those that have waited longest for their clients: for a
// next request, for the rest of one, or for an answer to be read. Keeping a connection
// open costs a stranger nothing, and costs the server a file descriptor. Connections with
// a running request are never closed; if there are only such, the newest ones are closed.
type connections struct {
	most, each int
	// proxy reports whether many clients share an address.
	proxy func(address netip.Addr) bool

	mu       sync.Mutex
	open     int
	silent   *list.List
	networks map[string]*peers
}

// peers are the connections of one network.
type peers struct {
	open   int
	silent *list.List
}

func newConnections(most int, proxy func(address netip.Addr) bool) *connections {
	return &connections{
		most: most, each: max(1, most/2), proxy: proxy, silent: list.New(), networks: map[string]*peers{},
	}
}

// state is the ConnState of an http.Server.
func (c *connections) state(conn net.Conn, state http.ConnState) {
	a, ok := bare(conn).(*arrivingConn)
	if !ok {
		return
	}
	if state == http.StateNew || state == http.StateIdle {
		a.begins()
	} else {
		a.arrived()
	}
	switch state {
	case http.StateIdle:
		c.changes(a, 0)
	case http.StateHijacked:
		// A connection that has become a WebSocket has the limits of WebSockets.
		c.changes(a, 1)
	}
}

// opens counts a connection, and closes the surplus.
func (c *connections) opens(a *arrivingConn) {
	c.mu.Lock()
	c.open++
	own := c.networks[a.from]
	if own == nil {
		own = &peers{silent: list.New()}
		c.networks[a.from] = own
	}
	own.open++
	c.waits(a, own)
	var surplus []*arrivingConn
	for n := own.open - c.each; n > 0 && own.silent.Len() > 1 && !a.proxy; n-- {
		surplus = append(surplus, c.works(own.silent.Front().Value.(*arrivingConn)))
	}
	for n := c.open - c.most - len(surplus); n > 0 && c.silent.Len() > 1; n-- {
		surplus = append(surplus, c.works(c.silent.Front().Value.(*arrivingConn)))
	}
	// The other half of the file descriptors is not for connections.
	if c.open-len(surplus) > c.most+c.most/2 {
		surplus = append(surplus, c.works(a))
	}
	c.mu.Unlock()
	for _, old := range surplus {
		_ = old.Close()
	}
}

// closes removes a connection from the count.
func (c *connections) closes(a *arrivingConn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.works(a)
	a.gone = true
	own := c.networks[a.from]
	c.open--
	if own.open--; own.open == 0 {
		delete(c.networks, a.from)
	}
}

// changes says that more, or fewer, requests run on a connection. If none does, it waits
// for its client from now on.
func (c *connections) changes(a *arrivingConn, by int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a.busy += by
	c.works(a)
	if own := c.networks[a.from]; a.busy == 0 && !a.gone && own != nil {
		c.waits(a, own)
	}
}

func (c *connections) waits(a *arrivingConn, own *peers) {
	a.inSilent, a.inPeers = c.silent.PushBack(a), own.silent.PushBack(a)
}

func (c *connections) works(a *arrivingConn) *arrivingConn {
	if a.inSilent != nil {
		c.silent.Remove(a.inSilent)
		c.networks[a.from].silent.Remove(a.inPeers)
		a.inSilent, a.inPeers = nil, nil
	}
	return a
}

type connKey struct{}

// withConn is the ConnContext of an http.Server.
func withConn(ctx context.Context, conn net.Conn) context.Context {
	if a, ok := bare(conn).(*arrivingConn); ok {
		return context.WithValue(ctx, connKey{}, a)
	}
	return ctx
}

// works says that the server works on a request, until the returned function is called.
func works(ctx context.Context) (over func()) {
	a, ok := ctx.Value(connKey{}).(*arrivingConn)
	if !ok {
		return func() {}
	}
	a.open.changes(a, 1)
	return func() { a.open.changes(a, -1) }
}

// waitsFor says that the request waits for its client, until the returned function is
// called.
func waitsFor(ctx context.Context) (over func()) {
	a, ok := ctx.Value(connKey{}).(*arrivingConn)
	if !ok {
		return func() {}
	}
	a.open.changes(a, -1)
	return func() { a.open.changes(a, 1) }
}
