// Package operation stores the GraphQL operations that an operator has registered for
// clients, under the SHA-256 of their documents. Clients send the hash instead of the
// document, and a server can be configured to run nothing else. Whether a document is
// valid is decided by document.Checker, not here.
package operation

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/registeredoperation"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

const (
	// rememberedFor is how long a server remembers that an operation is registered, and so
	// how long a removed operation still works.
	rememberedFor = 10 * time.Second
	// rememberedBytes limits the documents that are kept in memory.
	rememberedBytes = 4 << 20
	maxClient       = 100
	maxName         = 190
)

// Service manages the operations of one database.
type Service struct {
	db  *database.DB
	now func() time.Time

	mu    sync.Mutex
	bytes int
	known map[string]*list.Element
	order list.List
}

type remembered struct {
	hash, document string
	until          time.Time
}

// New returns the service of a database.
func New(d *database.DB, now func() time.Time) *Service {
	return &Service{db: d, now: now, known: map[string]*list.Element{}}
}

// Operation is a document with one operation, which has been checked.
type Operation struct {
	Name     string
	Kind     registeredoperation.Kind
	Document string
}

// Hash returns the name of a document: its SHA-256 in hexadecimal.
func Hash(document string) string {
	sum := sha256.Sum256([]byte(document))
	return hex.EncodeToString(sum[:])
}

// Find returns the document with a hash, if it is registered for any client.
func (s *Service) Find(ctx context.Context, hash string) (document string, ok bool, err error) {
	if document, ok := s.recall(hash); ok {
		return document, true, nil
	}
	row, err := s.db.Client(ctx).RegisteredOperation.Query().Where(registeredoperation.Sha256(hash)).
		First(viewer.AsSystem(ctx, "operation that a client names"))
	if db.IsNotFound(err) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	s.remember(hash, row.Document)
	return row.Document, true, nil
}

func (s *Service) recall(hash string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.known[hash]
	if !ok {
		return "", false
	}
	r := e.Value.(remembered)
	if s.now().After(r.until) {
		s.forget(e)
		return "", false
	}
	s.order.MoveToFront(e)
	return r.document, true
}

func (s *Service) remember(hash, document string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, there := s.known[hash]; there {
		s.forget(e)
	}
	s.known[hash] = s.order.PushFront(remembered{hash, document, s.now().Add(rememberedFor)})
	for s.bytes += len(document); s.bytes > rememberedBytes; {
		s.forget(s.order.Back())
	}
}

func (s *Service) forget(e *list.Element) {
	r := s.order.Remove(e).(remembered)
	delete(s.known, r.hash)
	s.bytes -= len(r.document)
}

// Register adds operations of a client and returns how many of them are new. It adds all
// or none.
func (s *Service) Register(ctx context.Context, client string, operations []Operation) (added int, err error) {
	client = roster.Clean(client)
	if err := roster.CheckName(client, "name of the client", maxClient); err != nil {
		return 0, err
	}
	for _, o := range operations {
		if len(o.Name) > maxName {
			return 0, fault.Invalidf("the name of the operation %.40s… is longer than %d characters", o.Name, maxName)
		}
	}
	err = s.db.InTx(ctx, func(ctx context.Context, c *db.Client) error {
		added = 0
		for _, o := range operations {
			hash := Hash(o.Document)
			there, err := c.RegisteredOperation.Query().
				Where(registeredoperation.Sha256(hash), registeredoperation.Client(client)).Exist(ctx)
			if err != nil {
				return err
			}
			if there {
				continue
			}
			if err := c.RegisteredOperation.Create().SetSha256(hash).SetClient(client).SetName(o.Name).SetKind(o.Kind).
				SetDocument(o.Document).Exec(ctx); err != nil {
				return err
			}
			added++
		}
		if added > 0 {
			audit.Record(ctx, audit.Event{Action: audit.OperationsRegistered, Facts: audit.Facts{"operations": added}})
		}
		return nil
	})
	return added, err
}

// List returns the operations of a client, sorted by client and name. An empty name stands
// for all clients.
func (s *Service) List(ctx context.Context, client string) ([]*db.RegisteredOperation, error) {
	query := s.db.Client(ctx).RegisteredOperation.Query()
	if client != "" {
		query.Where(registeredoperation.Client(client))
	}
	return query.Order(registeredoperation.ByClient(), registeredoperation.ByName(), registeredoperation.BySha256()).
		All(ctx)
}

// Remove removes operations by their hashes, of one client, or of all if the name is
// empty. Without hashes it removes all operations of the client. It returns how many it
// has removed.
func (s *Service) Remove(ctx context.Context, client string, hashes []string) (removed int, err error) {
	if client == "" && len(hashes) == 0 {
		return 0, fault.Invalidf("name the operations, or the client whose operations to remove")
	}
	err = s.db.InTx(ctx, func(ctx context.Context, c *db.Client) error {
		query := c.RegisteredOperation.Delete()
		if client != "" {
			query.Where(registeredoperation.Client(client))
		}
		if len(hashes) > 0 {
			query.Where(registeredoperation.Sha256In(hashes...))
		}
		if removed, err = query.Exec(ctx); err == nil && removed > 0 {
			audit.Record(ctx, audit.Event{Action: audit.OperationsRemoved, Facts: audit.Facts{"operations": removed}})
		}
		return err
	})
	return removed, err
}
