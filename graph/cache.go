package graph

import (
	"container/list"
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// documents keeps parsed and validated documents, the latest used, by their text.
// It is bounded by the bytes of the texts and not by their number: a parsed
// document is fifty times its text and more, and a caller can send as many
// different ones as it likes.
type documents struct {
	most int

	mu    sync.Mutex
	bytes int
	known map[string]*list.Element
	order list.List
}

type document struct {
	text string
	doc  *ast.QueryDocument
}

var _ graphql.Cache[*ast.QueryDocument] = (*documents)(nil)

const (
	// maxCache is the bytes of all documents together. A dashboard has fifty, of
	// 2 KB at most.
	maxCache = 1 << 20
	// maxCached is the longest document that is kept.
	maxCached = 16 << 10
)

func newDocuments() *documents {
	return &documents{most: maxCache, known: map[string]*list.Element{}}
}

// Get implements graphql.Cache.
func (d *documents) Get(_ context.Context, text string) (*ast.QueryDocument, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e, ok := d.known[text]
	if !ok {
		return nil, false
	}
	d.order.MoveToFront(e)
	return e.Value.(document).doc, true
}

// Add implements graphql.Cache.
func (d *documents) Add(_ context.Context, text string, doc *ast.QueryDocument) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, there := d.known[text]; there || len(text) > maxCached {
		return
	}
	d.known[text] = d.order.PushFront(document{text, doc})
	for d.bytes += len(text); d.bytes > d.most; {
		last := d.order.Remove(d.order.Back()).(document)
		delete(d.known, last.text)
		d.bytes -= len(last.text)
	}
}
