package document

import (
	"container/list"
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// cache keeps the most recently used parsed and validated documents, by their text. It is
// limited by bytes, not by number: a parsed document takes fifty times its text and more,
// and a caller can send any number of different ones.
type cache struct {
	most int

	mu    sync.Mutex
	bytes int
	known map[string]*list.Element
	order list.List
}

type entry struct {
	text string
	doc  *ast.QueryDocument
}

var _ graphql.Cache[*ast.QueryDocument] = (*cache)(nil)

const (
	// maxCache is the bytes of all documents together. A dashboard has fifty, of 2 KB at
	// most.
	maxCache = 1 << 20
	// maxCached is the longest document that is kept.
	maxCached = 16 << 10
)

func newCache() *cache {
	return &cache{most: maxCache, known: map[string]*list.Element{}}
}

// Get implements graphql.Cache.
func (c *cache) Get(_ context.Context, text string) (*ast.QueryDocument, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.known[text]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(e)
	return e.Value.(entry).doc, true
}

// Add implements graphql.Cache.
func (c *cache) Add(_ context.Context, text string, doc *ast.QueryDocument) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, there := c.known[text]; there || len(text) > maxCached {
		return
	}
	c.known[text] = c.order.PushFront(entry{text, doc})
	for c.bytes += len(text); c.bytes > c.most; {
		last := c.order.Remove(c.order.Back()).(entry)
		delete(c.known, last.text)
		c.bytes -= len(last.text)
	}
}
