package document

import (
	"container/list"
	"sync"
)

// texts keeps the most recently used documents by their hashes. It is limited by bytes.
type texts struct {
	mu    sync.Mutex
	bytes int
	known map[string]*list.Element
	order list.List
}

type text struct{ hash, document string }

// maxTexts is the bytes of all documents together, which is five hundred large ones.
const maxTexts = 2 << 20

func newTexts() *texts { return &texts{known: map[string]*list.Element{}} }

func (t *texts) get(hash string) (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e, ok := t.known[hash]
	if !ok {
		return "", false
	}
	t.order.MoveToFront(e)
	return e.Value.(text).document, true
}

func (t *texts) add(hash, document string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, there := t.known[hash]; there {
		return
	}
	t.known[hash] = t.order.PushFront(text{hash, document})
	for t.bytes += len(document); t.bytes > maxTexts; {
		last := t.order.Remove(t.order.Back()).(text)
		delete(t.known, last.hash)
		t.bytes -= len(last.document)
	}
}
