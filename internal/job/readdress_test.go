package job_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/onetimelink"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/testlog"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// byLink sets the password of an account by a link that was sent to its address.
func (b *bench) byLink(e *db.Educator, password string) {
	b.t.Helper()
	secret := testlog.Secret(fmt.Sprintf("a link of %d, %d", e.ID, b.Client().OneTimeLink.Query().CountX(fixture.System())))
	sum := sha256.Sum256([]byte(secret))
	b.Client().OneTimeLink.Create().SetEducatorID(e.ID).SetPurpose(onetimelink.PurposeRESET).
		SetTokenHash(hex.EncodeToString(sum[:])).SetExpiresAt(fixture.Today.Add(time.Hour)).ExecX(fixture.System())
	ctx := viewer.WithOrigin(context.Background(), viewer.Origin{Address: netip.MustParseAddr("192.0.2.1")})
	if _, err := b.people(nil).SetPasswordByLink(ctx, secret, testlog.Secret(password)); err != nil {
		b.t.Fatal(err)
	}
}

// TestAPasswordEndsWithTheAddressOfWhoeverCouldHaveSetIt has a school name a mailbox, and
// somebody set a password with a link that was sent there, before the address is
// corrected in every way in which that is done.
func TestAPasswordEndsWithTheAddressOfWhoeverCouldHaveSetIt(t *testing.T) {
	t.Parallel()
	const known = "biscuit anchor lamp"
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		program := b.program(b.Alpha)
		district := func(file string) func(*bench, *db.Educator) *db.BulkJob {
			return func(b *bench, e *db.Educator) *db.BulkJob {
				return b.emails(b.As(b.t, b.DistrictAdmin), strings.NewReplacer("ID", edu(e), "MAIL", "new-"+e.Email).Replace(file))
			}
		}
		for i, c := range []struct {
			name    string
			correct func(b *bench, e *db.Educator) *db.BulkJob
			// opens is set if the password still opens the account, and told is what the
			// preview says.
			opens bool
			told  string
		}{
			{name: "corrected and widened in one row", told: "The password of this account was set by",
				correct: district("ID,,,,MAIL,District Administrator,,\n")},
			{name: "corrected alone", told: "could have set the password", correct: district("ID,,,,MAIL,,,\n")},
			{name: "taken away", told: "could have set the password", correct: district("ID,,,,[clear],,,\n")},
			{name: "corrected after whoever named the other one was disabled", told: "could have set the password",
				correct: func(b *bench, e *db.Educator) *db.BulkJob {
					b.NorthAdmin.Update().SetDisabled(1).ExecX(fixture.System())
					defer b.NorthAdmin.Update().SetDisabled(0).ExecX(fixture.System())
					return district("ID,,,,MAIL,,,\n")(b, e)
				}},
			{name: "corrected after it was widened by the operator", told: "could have set the password",
				correct: func(b *bench, e *db.Educator) *db.BulkJob {
					if _, err := b.people(nil).AddEducator(fixture.System(), identity.NewEducator{Email: e.Email, FirstName: "Any",
						LastName: "Body", Role: viewer.DistrictAdmin, OrganizationID: b.Alpha.ID}); err != nil {
						b.t.Fatal(err)
					}
					b.byLink(e, known)
					return district("ID,,,,MAIL,,,\n")(b, e)
				}},
			{name: "corrected by the nightly program", told: "could have set the password",
				correct: func(b *bench, e *db.Educator) *db.BulkJob {
					return b.emails(program, edu(e)+",,,,new-"+e.Email+",,,\n")
				}},
			{name: "corrected with a password of the district", correct: func(b *bench, e *db.Educator) *db.BulkJob {
				job := district("ID,,,,MAIL,,,known to the district\n")(b, e)
				if !b.opens("new-"+e.Email, "known to the district") {
					b.t.Error("the password of the same row does not open the account")
				}
				return job
			}},
			{name: "corrected by the school itself", opens: true, correct: func(b *bench, e *db.Educator) *db.BulkJob {
				return b.imported(b.NorthAdmin, b.North, educators, emailHeader+edu(e)+",,,,new-"+e.Email+",,,\n")
			}},
			{name: "another name", opens: true, correct: district("ID,,Other,,,,,\n")},
		} {
			t.Run(c.name, func(t *testing.T) {
				b := b.on(t)
				id := fmt.Sprintf("R%d", i)
				b.imported(b.NorthAdmin, b.North, educators,
					emailHeader+","+id+",First"+id+",Last,"+strings.ToLower(id)+"@example.com,Teacher,N,\n")
				b.byLink(b.educator(id), known)
				job := c.correct(b, b.educator(id))
				e := b.educator(id)
				at := e.Email
				if at == "" { // Nobody signs in without one, so it is given back.
					at = strings.ToLower(id) + "@example.com"
					e.Update().SetEmail(at).SetEmailKey(at).ExecX(fixture.System())
				}
				if b.opens(at, known) != c.opens {
					t.Errorf("the password opens %s: %t", at, !c.opens)
				}
				if c.told != "" && !strings.Contains(b.hint(job, row.SetByOthers), c.told) ||
					c.told == "" && b.problems(job) != "" {
					t.Errorf("the preview says: %s", b.problems(job))
				}
			})
		}
		t.Run("the same mailbox in capitals", func(t *testing.T) {
			b := b.on(t)
			b.imported(b.DistrictAdmin, b.Alpha, educators, emailHeader+",C1,Cap,One,c1@example.com,Teacher,N,\n")
			e := b.educator("C1")
			b.byLink(e, known)
			hands := b.number("SELECT SUM(ways) FROM account_hands WHERE educator_id = ?", e.ID)
			job := b.imported(b.NorthAdmin, b.North, educators, emailHeader+edu(e)+",,,,C1@Example.com,,,\n")
			b.want(job, completed, 0, 1, 0, 0)
			if e = b.educator("C1"); e.Email != "C1@Example.com" || !b.opens("c1@example.com", known) {
				t.Errorf("%s, or the password, is not as it should be", e.Email)
			}
			if n := b.number("SELECT SUM(ways) FROM account_hands WHERE educator_id = ?", e.ID); n != hands {
				t.Errorf("hands in the account: %d, before %d", n, hands)
			}
			b.undone(b.NorthAdmin, job, undone, 1, 0)
			if e = b.educator("C1"); e.Email != "c1@example.com" {
				t.Error(e.Email)
			}
		})
		t.Run("the undo of the file that named the mailbox", func(t *testing.T) {
			b := b.on(t)
			b.imported(b.DistrictAdmin, b.Alpha, educators, emailHeader+",U1,Uma,One,u1@example.com,Teacher,N,\n")
			job := b.imported(b.NorthAdmin, b.North, educators, emailHeader+",U1,,,box@example.com,,,\n")
			b.byLink(b.educator("U1"), known)
			b.undone(b.DistrictAdmin, job, partly, 0, 1)
			if b.opens("u1@example.com", known) {
				t.Error("the password still opens the account")
			}
		})
	})
}
