package dbtest

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// Proxy is between a test and a MySQL server, and cuts connections at chosen moments.
type Proxy struct {
	// URL is the address of the database through the proxy.
	URL string

	server string
	mu     sync.Mutex
	conns  map[net.Conn]bool
	cuts   []*cut
	down   bool
}

// cut is a moment at which connections are cut off.
type cut struct {
	text   string
	answer bool
	times  int
	// only is called, and nothing is cut off.
	only func()
}

// NewProxy returns a proxy in front of the server of a database URL.
func NewProxy(t testing.TB, databaseURL string) *Proxy {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil || u.Query().Has("socket") {
		t.Fatalf("a proxy needs a server with a port: %v", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{server: u.Host, conns: map[net.Conn]bool{}}
	u.Host = listener.Addr().String()
	p.URL = u.String()
	t.Cleanup(func() {
		listener.Close()
		p.Down()
	})
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go p.carry(client)
		}
	}()
	return p
}

// CutBefore cuts off the next connections, as many as times says, that send a
// text: the server does not get it.
func (p *Proxy) CutBefore(text string, times int) { p.add(&cut{text: text, times: times}) }

// CutAnswer cuts off the next connections that send a text when the server has
// answered: the client does not get the answer.
func (p *Proxy) CutAnswer(text string, times int) {
	p.add(&cut{text: text, times: times, answer: true})
}

// At calls fn before the server gets the next message with a text.
func (p *Proxy) At(text string, fn func()) { p.add(&cut{text: text, times: 1, only: fn}) }

func (p *Proxy) add(c *cut) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cuts = append(p.cuts, c)
}

// Down cuts all connections and accepts no more.
func (p *Proxy) Down() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = true
	for c := range p.conns {
		c.Close()
	}
}

// Up takes connections again.
func (p *Proxy) Up() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = false
}

func (p *Proxy) open(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.down {
		p.conns[c] = true
	}
	return !p.down
}

// cutAt returns the cut that a message meets, or nil.
func (p *Proxy) cutAt(message []byte) *cut {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.cuts {
		if c.times > 0 && bytes.Contains(message, []byte(c.text)) {
			c.times--
			return c
		}
	}
	return nil
}

func (p *Proxy) carry(client net.Conn) {
	defer client.Close()
	if !p.open(client) {
		return
	}
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	defer server.Close()
	var mu sync.Mutex
	silent := false
	go func() {
		defer client.Close()
		answer := make([]byte, 64<<10)
		for {
			n, err := server.Read(answer)
			mu.Lock()
			stop := silent
			mu.Unlock()
			if stop || err != nil {
				return
			}
			if _, err := client.Write(answer[:n]); err != nil {
				return
			}
		}
	}()
	message := make([]byte, 64<<10)
	for {
		n, err := client.Read(message)
		if err != nil {
			return
		}
		c := p.cutAt(message[:n])
		if c != nil && c.only != nil {
			c.only()
			c = nil
		}
		if c != nil && !c.answer {
			return
		}
		if c != nil {
			mu.Lock()
			silent = true
			mu.Unlock()
		}
		if _, err := server.Write(message[:n]); err != nil {
			return
		}
		if c != nil {
			// The other side closes the client when the answer is there.
			_, _ = io.Copy(io.Discard, client)
			return
		}
	}
}
