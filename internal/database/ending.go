package database

import (
	"context"
	"sync"

	"github.com/openhomeroom/homeroom/ent/db"
)

// Ending collects work during a transaction and does it as the last step, just before the
// commit. An error rolls the transaction back.
type Ending interface {
	End(ctx context.Context, client *db.Client) error
}

// AtEnd returns the Ending with a key of the transaction of ctx, and creates it at the
// first call. A transaction that is tried again begins without any. Outside of a
// transaction it returns nil.
//
// A lock that many transactions need belongs here: it is held for the shortest time, and
// whoever holds it waits for nobody.
func AtEnd(ctx context.Context, key any, create func() Ending) Ending {
	s, ok := ctx.Value(clientKey{}).(scope)
	if !ok || s.ends == nil {
		return nil
	}
	return s.ends.get(key, create)
}

// endings holds those of one transaction, in the order in which they were created.
type endings struct {
	mu    sync.Mutex
	byKey map[any]Ending
	order []Ending
}

func (e *endings) get(key any, create func() Ending) Ending {
	e.mu.Lock()
	defer e.mu.Unlock()
	if known := e.byKey[key]; known != nil {
		return known
	}
	if e.byKey == nil {
		e.byKey = map[any]Ending{}
	}
	made := create()
	e.byKey[key] = made
	e.order = append(e.order, made)
	return made
}

func (e *endings) run(ctx context.Context, client *db.Client) error {
	// The function of the transaction has returned, so nothing is added any more.
	for _, ending := range e.order {
		if err := ending.End(ctx, client); err != nil {
			return err
		}
	}
	return nil
}
