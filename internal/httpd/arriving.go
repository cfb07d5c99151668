package httpd

import (
	"container/list"
	"crypto/tls"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/openhomeroom/homeroom/internal/viewer"
)

// How many bytes of incomplete request headers may be held, for one network and for all. A
// complete header arrives within a moment and no longer counts. An endless one costs its
// sender nothing, and the server three times its length.
const (
	arrivingEach = 4 << 20
	arrivingAll  = 64 << 20
)

// arriving closes the connections whose headers have been arriving for the longest time if
// they hold too much. Nobody has signed in at that point, so strangers are told apart by
// network only.
type arriving struct {
	each, all int64

	mu       sync.Mutex
	sum      int64
	order    *list.List
	networks map[string]*network
}

// network is what is arriving from one network.
type network struct {
	sum   int64
	order *list.List
}

func newArriving(each, all int64) *arriving {
	return &arriving{each: each, all: all, order: list.New(), networks: map[string]*network{}}
}

// listener returns a listener whose connections are counted.
func (a *arriving) listener(l net.Listener, open *connections) net.Listener {
	return arrivingListener{l, a, open}
}

type arrivingListener struct {
	net.Listener
	arriving *arriving
	open     *connections
}

func (l arrivingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	remote, _ := netip.ParseAddrPort(conn.RemoteAddr().String())
	c := &arrivingConn{
		Conn: conn, arriving: l.arriving, open: l.open, from: viewer.Origin{Address: remote.Addr()}.Network(),
		proxy: l.open.proxy(remote.Addr())}
	c.counts.Store(true)
	l.open.opens(c)
	return c, nil
}

// arrivingConn is a connection whose bytes count while it has no running request.
type arrivingConn struct {
	net.Conn
	arriving *arriving
	from     string
	counts   atomic.Bool
	// bytes, inAll and inNetwork are protected by the lock of arriving.
	bytes            int64
	inAll, inNetwork *list.Element

	open   *connections
	closed sync.Once
	// proxy says that many clients share the address.
	proxy bool
	// busy is how many requests are running; it and the fields below belong to open.
	busy              int
	gone              bool
	inSilent, inPeers *list.Element
}

// Close implements net.Conn.
func (c *arrivingConn) Close() error {
	c.closed.Do(func() { c.open.closes(c) })
	return c.Conn.Close()
}

// Read implements net.Conn.
func (c *arrivingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && c.counts.Load() {
		for _, oldest := range c.arriving.took(c, int64(n)) {
			_ = oldest.Conn.Close()
		}
	}
	return n, err
}

// arrived is called when a request is running or the connection is closed.
func (c *arrivingConn) arrived() {
	c.counts.Store(false)
	a := c.arriving
	a.mu.Lock()
	defer a.mu.Unlock()
	a.remove(c)
}

// begins is called when the next request may begin.
func (c *arrivingConn) begins() { c.counts.Store(true) }

// took counts bytes, and returns the connections to close.
func (a *arriving) took(c *arrivingConn, n int64) (surplus []*arrivingConn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !c.counts.Load() {
		return nil
	}
	own := a.networks[c.from]
	if own == nil {
		own = &network{order: list.New()}
		a.networks[c.from] = own
	}
	if c.inAll == nil {
		c.inAll, c.inNetwork = a.order.PushBack(c), own.order.PushBack(c)
	}
	c.bytes += n
	own.sum += n
	a.sum += n
	for own.sum > a.each && own.order.Len() > 1 {
		surplus = append(surplus, a.remove(own.order.Front().Value.(*arrivingConn)))
	}
	for a.sum > a.all && a.order.Len() > 1 {
		surplus = append(surplus, a.remove(a.order.Front().Value.(*arrivingConn)))
	}
	return surplus
}

func (a *arriving) remove(c *arrivingConn) *arrivingConn {
	if c.inAll == nil {
		return c
	}
	own := a.networks[c.from]
	a.order.Remove(c.inAll)
	own.order.Remove(c.inNetwork)
	own.sum -= c.bytes
	a.sum -= c.bytes
	c.bytes, c.inAll, c.inNetwork = 0, nil, nil
	if own.order.Len() == 0 {
		delete(a.networks, c.from)
	}
	return c
}

// bare returns the connection below TLS. Closing it never blocks; TLS would first try to
// send a close message to a client that may read nothing.
func bare(conn net.Conn) net.Conn {
	if t, ok := conn.(*tls.Conn); ok {
		return t.NetConn()
	}
	return conn
}
