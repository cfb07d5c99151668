package database

import (
	"context"
	"sync"

	"github.com/openhomeroom/homeroom/ent/db"
)

// Ending is what a transaction does as its last act, just before it commits, with
// what has been collected for it until then. An error rolls the transaction back.
type Ending interface {
	End(ctx context.Context, client *db.Client) error
}

// AtEnd returns what the transaction of ctx does under a key before it commits,
// and makes it at the first call. A transaction that is tried again begins with
// none. Outside of a transaction it returns nil.
//
// What must be locked by every transaction of many belongs here: the lock is held
// for the shortest time, and whoever has it waits for nobody any more.
func AtEnd(ctx context.Context, key any, create func() Ending) Ending {
	s, ok := ctx.Value(clientKey{}).(scope)
	if !ok || s.ends == nil {
		return nil
	}
	return s.ends.get(key, create)
}

// endings are those of one transaction, in the order in which they were made.
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
	// The function of the transaction has returned; nothing is added any more.
	for _, ending := range e.order {
		if err := ending.End(ctx, client); err != nil {
			return err
		}
	}
	return nil
}
