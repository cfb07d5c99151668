package identity_test

import (
	"context"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// beside does something while another transaction has made a change and has not committed
// it yet. That transaction commits when the first one waits for it, or has ended without
// waiting.
func (h *house) beside(t *testing.T, change func(ctx context.Context, client *db.Client) error,
	do func() error) (err error) {
	t.Helper()
	changed, over := make(chan struct{}), make(chan struct{})
	committed := make(chan error, 1)
	go func() {
		committed <- h.DB.InTx(fixture.System(), func(ctx context.Context, client *db.Client) error {
			if err := change(ctx, client); err != nil {
				close(changed)
				return err
			}
			close(changed)
			dbtest.AwaitLockWaits(t, h.DB, 1, func() bool {
				select {
				case <-over:
					return true
				default:
					return false
				}
			})
			return nil
		})
	}()
	<-changed
	err = do()
	close(over)
	if err := <-committed; err != nil {
		t.Fatal(err)
	}
	return err
}

// TestWhatASchoolDoesWaitsForARoleThatIsGiven has a school do what it may not do to an
// administrator of the district, while somebody becomes one.
func TestWhatASchoolDoesWaitsForARoleThatIsGiven(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		if !d.RowLocks() {
			return // One transaction writes at a time.
		}
		promote := func(h *house, who *db.Educator) func(ctx context.Context, client *db.Client) error {
			given := credential.Grant{EducatorID: who.ID, Assignment: viewer.Assignment{
				Role: viewer.DistrictAdmin, OrganizationID: h.Alpha.ID, DistrictID: h.Alpha.ID,
			}}
			return func(ctx context.Context, client *db.Client) error {
				if _, err := credential.Widen(ctx, client, h.clock(), []credential.Grant{given}); err != nil {
					return err
				}
				return client.RoleAssignment.Create().SetEducatorID(who.ID).SetOrganizationID(h.Alpha.ID).
					SetDistrictID(h.Alpha.ID).SetRole("DISTRICT_ADMIN").Exec(ctx)
			}
		}
		t.Run("it invites", func(t *testing.T) {
			h := newHouse(t, dbtest.Open(t, d.Kind()))
			h.NorthTeacher.Update().ClearPasswordHash().ExecX(fixture.System())
			err := h.beside(t, promote(h, h.NorthTeacher), func() error {
				_, err := h.Invite(h.As(t, h.NorthAdmin), identity.NewEducator{
					Email: h.NorthTeacher.Email, FirstName: "A", LastName: "B", Role: viewer.Teacher, OrganizationID: h.North.ID,
				})
				return err
			})
			if code(err) != "EMAIL_TAKEN" {
				t.Errorf("got %v", err)
			}
		})
		t.Run("it resets second factors", func(t *testing.T) {
			h := newHouse(t, dbtest.Open(t, d.Kind()))
			h.setUp(t, h.in(t, h.NorthTeacher, home))
			nora := as(h.in(t, h.NorthAdmin, home))
			err := h.beside(t, promote(h, h.NorthTeacher), func() error {
				_, err := h.ResetFactors(nora, h.NorthTeacher.ID)
				return err
			})
			if err == nil || h.Client().TotpSecret.Query().CountX(fixture.System()) != 1 {
				t.Errorf("got %v", err)
			}
		})
	})
}

// TestARoleWaitsForAHandInTheAccount gives somebody a role while somebody with less sets
// the password of the account.
func TestARoleWaitsForAHandInTheAccount(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		if !d.RowLocks() {
			return // One transaction writes at a time.
		}
		h := newHouse(t, d)
		var ended map[int]hold.Way
		err := h.beside(t, func(ctx context.Context, client *db.Client) error {
			if err := client.Educator.UpdateOneID(h.NorthTeacher.ID).SetPasswordHash("known to Nora").Exec(ctx); err != nil {
				return err
			}
			return hold.NoteWay(ctx, client, h.clock(), hold.ByPassword, []int{h.NorthAdmin.ID}, h.NorthTeacher.ID)
		}, func() error {
			return h.DB.InTx(fixture.System(), func(ctx context.Context, client *db.Client) (err error) {
				ended, err = credential.Widen(ctx, client, h.clock(), []credential.Grant{{
					EducatorID: h.NorthTeacher.ID, Assignment: viewer.Assignment{
						Role: viewer.DistrictAdmin, OrganizationID: h.Alpha.ID, DistrictID: h.Alpha.ID,
					},
				}})
				return err
			})
		})
		if err != nil || ended[h.NorthTeacher.ID] == 0 {
			t.Errorf("%v ended: %v", ended, err)
		}
		if hash := h.Client().Educator.GetX(fixture.System(), h.NorthTeacher.ID).PasswordHash; hash != "" {
			t.Errorf("the password stays: %q", hash)
		}
	})
}
