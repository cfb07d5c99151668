// Package lease lets one server at a time do a piece of work, however many servers share
// the database.
//
// A lease is a row with a name. Claiming it raises its fence. A server that was asleep
// finds a different fence in the row when it wants to write, and then writes nothing. A
// claim is one conditional UPDATE, because GET_LOCK does not work across the nodes of a
// cluster. The jobs of internal/job have their own kind of lease: there the row is the
// job, and which job may be claimed depends on the other jobs of its district.
package lease

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/lease"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// ErrLost is returned if another server has taken over the work.
var ErrLost = errors.New("lease: the work belongs to another server now")

// Keeper claims leases.
type Keeper struct {
	db    *database.DB
	lasts time.Duration
	now   func() time.Time
}

// New returns a keeper whose leases last this long without a sign of life.
func New(d *database.DB, lasts time.Duration, now func() time.Time) *Keeper {
	return &Keeper{db: d, lasts: lasts, now: now}
}

// Held is a piece of work that this server has claimed.
type Held struct {
	k     *Keeper
	name  string
	owner string
	fence int
}

// Claim takes a piece of work that was last done before due. It returns nil if the work
// has been done since, or if another server is doing it. Work that was never done counts
// as done when Claim is first called, so that a new installation does not begin with work
// that is scheduled for the night.
func (k *Keeper) Claim(ctx context.Context, name string, due time.Time) (*Held, error) {
	system := viewer.AsSystem(ctx, "lease of "+name)
	now := k.instant()
	err := k.db.InTx(system, func(ctx context.Context, client *db.Client) error {
		there, err := client.Lease.Query().Where(lease.Name(name)).Exist(ctx)
		if err != nil || there {
			return err
		}
		return client.Lease.Create().SetName(name).SetCreatedAt(now).SetUntil(now).SetDoneAt(now).Exec(ctx)
	})
	if err != nil && !database.IsDuplicate(err) {
		return nil, err
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails
	h := &Held{k: k, name: name, owner: hex.EncodeToString(id)}
	err = k.db.InTx(system, func(ctx context.Context, client *db.Client) error {
		n, err := client.Lease.Update().
			Where(lease.Name(name), lease.DoneAtLT(due), lease.Or(lease.Owner(""), lease.UntilLTE(now))).
			SetOwner(h.owner).SetUntil(now.Add(k.lasts)).AddFence(1).Save(ctx)
		if err != nil || n == 0 {
			h.fence = 0
			return err
		}
		row, err := client.Lease.Query().Where(lease.Name(name), lease.Owner(h.owner)).Only(ctx)
		if err == nil {
			h.fence = row.Fence
		}
		return err
	})
	if err != nil || h.fence == 0 {
		return nil, err
	}
	return h, nil
}

// InFence runs fn in a transaction that first checks that this server still has the work,
// and renews the lease.
func (h *Held) InFence(ctx context.Context, fn func(ctx context.Context, client *db.Client) error) error {
	return h.k.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		if err := h.renew(ctx, client); err != nil {
			return err
		}
		return fn(ctx, client)
	})
}

// Renew renews the lease while the work continues without writing.
func (h *Held) Renew(ctx context.Context) error {
	return h.InFence(ctx, func(context.Context, *db.Client) error { return nil })
}

func (h *Held) renew(ctx context.Context, client *db.Client) error {
	n, err := client.Lease.Update().Where(h.mine()).SetUntil(h.k.instant().Add(h.k.lasts)).
		Save(viewer.AsSystem(ctx, "lease of "+h.name))
	if err == nil && n == 0 {
		err = ErrLost
	}
	return err
}

// Done gives the work back and records that it was completed.
func (h *Held) Done(ctx context.Context) error {
	return h.end(ctx, func(u *db.LeaseUpdate) { u.SetDoneAt(h.k.instant()) })
}

// Release gives the work back, so that another server continues at once.
func (h *Held) Release(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return h.end(ctx, func(*db.LeaseUpdate) {})
}

func (h *Held) end(ctx context.Context, note func(*db.LeaseUpdate)) error {
	system := viewer.AsSystem(ctx, "lease of "+h.name)
	return h.k.db.InTx(system, func(ctx context.Context, client *db.Client) error {
		u := client.Lease.Update().Where(h.mine()).SetOwner("")
		note(u)
		_, err := u.Save(ctx)
		return err
	})
}

func (h *Held) mine() predicate.Lease {
	return lease.And(lease.Name(h.name), lease.Owner(h.owner), lease.Fence(h.fence))
}

// instant returns the present moment with the precision of the databases.
func (k *Keeper) instant() time.Time { return database.Instant(k.now()) }
