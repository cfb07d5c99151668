package identity_test

import (
	"context"
	"testing"

	"entgo.io/ent"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/onetimelink"
	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// moved is how an account gets another address, in the transaction of the context.
func moved(ctx context.Context, client *db.Client, h *house, who *db.Educator) error {
	const address = "new@example.com"
	err := client.Educator.UpdateOneID(who.ID).SetEmail(address).SetEmailKey(address).Exec(viewer.AsSystem(ctx, "a test"))
	if err != nil {
		return err
	}
	return credential.Changed(ctx, client, h.clock(), who.ID)
}

// usable are the links of an account that somebody could use.
func usable(h *house, who *db.Educator) int {
	return h.Client().OneTimeLink.Query().Where(onetimelink.EducatorID(who.ID), onetimelink.UsedAtIsNil()).
		CountX(fixture.System())
}

// TestALinkIsMadeForTheAddressOfNow changes an account after the server has read to whom a
// link goes, and before it creates the link. A change of an account ends its links; a link
// that is created afterwards would open the account for the owner of the old address.
func TestALinkIsMadeForTheAddressOfNow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(ctx context.Context, client *db.Client, h *house, who *db.Educator) error
		links  int
	}{
		"nothing changes":     {func(context.Context, *db.Client, *house, *db.Educator) error { return nil }, 1},
		"the address changes": {moved, 0},
		"the address is gone": {func(ctx context.Context, client *db.Client, h *house, who *db.Educator) error {
			return client.Educator.UpdateOneID(who.ID).SetEmail("").ClearEmailKey().Exec(viewer.AsSystem(ctx, "a test"))
		}, 0},
		"the account is disabled": {func(ctx context.Context, client *db.Client, h *house, who *db.Educator) error {
			return client.Educator.UpdateOneID(who.ID).SetDisabled(1).Exec(viewer.AsSystem(ctx, "a test"))
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *database.DB) {
				h := newHouse(t, d)
				if err := h.RequestPasswordReset(from(home), h.NorthAdmin.Email); err != nil {
					t.Fatal(err)
				}
				h.changeAfter(func() {
					if err := d.InTx(fixture.System(), func(ctx context.Context, client *db.Client) error {
						return c.change(ctx, client, h, h.NorthAdmin)
					}); err != nil {
						t.Error(err)
					}
				})
				identity.Deliver(context.Background(), h.Service)
				if n := usable(h, h.NorthAdmin); n != c.links {
					t.Errorf("%d links can be used, want %d", n, c.links)
				}
				if n := len(h.mails); n != c.links {
					t.Errorf("%d mails were sent, want %d", n, c.links)
				}
			})
		})
	}
}

// TestALinkWaitsForAChangeOfTheAddress has the address change in a transaction that has
// ended the links and has not committed when a link is made.
func TestALinkWaitsForAChangeOfTheAddress(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		if !d.RowLocks() {
			return // One transaction writes at a time.
		}
		h := newHouse(t, d)
		if err := h.RequestPasswordReset(from(home), h.NorthAdmin.Email); err != nil {
			t.Fatal(err)
		}
		changing, made := make(chan struct{}), make(chan struct{})
		ended := make(chan error, 1)
		h.changeAfter(func() {
			go func() {
				ended <- d.InTx(fixture.System(), func(ctx context.Context, client *db.Client) error {
					if err := moved(ctx, client, h, h.NorthAdmin); err != nil {
						return err
					}
					close(changing)
					dbtest.AwaitLockWaits(t, d, 1, func() bool {
						select {
						case <-made:
							return true
						default:
							return false
						}
					})
					return nil
				})
			}()
			<-changing
		})
		h.Client().OneTimeLink.Use(func(next ent.Mutator) ent.Mutator {
			return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
				v, err := next.Mutate(ctx, m)
				if m.Op().Is(ent.OpCreate) {
					close(made)
				}
				return v, err
			})
		})
		identity.Deliver(context.Background(), h.Service)
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if n := usable(h, h.NorthAdmin); n != 0 || len(h.mails) != 0 {
			t.Errorf("%d links can be used, %d mails were sent", n, len(h.mails))
		}
	})
}
