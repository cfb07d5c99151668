package identity_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	ent "entgo.io/ent"

	"github.com/openhomeroom/homeroom/ent/db/session"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
)

// TestWhatAProofLeavesBehind proves who somebody is in each way, and compares what the
// session then says.
func TestWhatAProofLeavesBehind(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		in := h.in(t, h.NorthAdmin, home)
		proves := func(what string, p identity.Proof, factor int8) {
			t.Helper()
			h.pass(11 * time.Minute)
			h.Client().Session.UpdateOneID(in.Viewer.SessionID).SetSecondFactor(0).SetLastUsedAt(h.clock()).
				ExecX(fixture.System())
			if err := h.Prove(as(in), p); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			now := h.Client().Session.GetX(fixture.System(), in.Viewer.SessionID)
			if now.SecondFactor != factor || now.ProvedAt == nil || !now.ProvedAt.Equal(h.clock()) {
				t.Errorf("%s: second factor %d, proved at %v; want %d at %v", what, now.SecondFactor, now.ProvedAt, factor,
					h.clock())
			}
		}
		proves("the password", identity.Proof{Password: password}, 0)
		h.Client().Session.UpdateOneID(in.Viewer.SessionID).SetProvedAt(h.clock()).ExecX(fixture.System())
		a := h.setUp(t, in)
		proves("an app", identity.Proof{Answer: identity.Answer{Code: a.at(h.clock().Add(11 * time.Minute))}}, 1)
		proves("a recovery code", identity.Proof{Answer: identity.Answer{Code: a.codes[0]}}, 1)
	})
}

// TestAProofIsTriedLikeASignIn repeats right proofs, which give back what they take, and
// tries what nobody has typed.
func TestAProofIsTriedLikeASignIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		in := h.in(t, h.NorthAdmin, home)
		for i := range 40 {
			if err := h.Prove(as(in), identity.Proof{Password: password}); err != nil {
				t.Fatalf("right proof %d: %v", i, err)
			}
		}
		marks := func() int { return h.Client().SignInMark.Query().CountX(fixture.System()) }
		saul := h.in(t, h.SouthAdmin, "192.0.2.77")
		before := marks()
		if err := h.Prove(as(saul), identity.Proof{Password: strings.Repeat("x", 1025)}); code(err) != "WRONG_CREDENTIALS" {
			t.Errorf("1025 bytes: %v", err)
		}
		if marks() != before {
			t.Error("a password of 1025 bytes was tried")
		}
	})
}

// TestASessionThatIsOverProvesNothing lets sessions end while somebody still holds their
// viewer.
func TestASessionThatIsOverProvesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		in := h.in(t, h.NorthAdmin, home)
		h.pass(2*time.Hour + time.Second)
		if _, err := h.Authenticate(from(home), in.Token); fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("a session that was not used for two hours: %v", err)
		}
		if list, err := h.Sessions(as(in)); err != nil || len(list) != 0 {
			t.Errorf("%d sessions are listed, %v", len(list), err)
		}
		if err := h.Prove(as(in), identity.Proof{Password: password}); fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("a proof: %v", err)
		}
		if now := h.Client().Session.GetX(fixture.System(), in.Viewer.SessionID); now.ProvedAt.Equal(h.clock()) {
			t.Error("the session says that it was proved")
		}
	})
}

// changeAfterFactors changes the world when somebody's factors have been read, and before
// what follows.
func (h *house) changeAfterFactors(change func()) {
	var once sync.Once
	h.Client().Passkey.Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
		return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
			v, err := next.Query(ctx, q)
			once.Do(change)
			return v, err
		})
	}))
}

func TestWhatChangesDuringAProof(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ change, want string }{
		"nothing": {"UPDATE educators SET first_name = 'Same' WHERE id = ?", ""},
		"the password": {
			"UPDATE educators SET password_hash = 'another' WHERE id = ?", "UNAUTHENTICATED"},
		"the account is disabled": {"UPDATE educators SET disabled = 1 WHERE id = ?", "UNAUTHENTICATED"},
		"a factor is set up": {"INSERT INTO totp_secrets (educator_id, secret, created_at, last_step) " +
			"SELECT id, 'x', '2026-01-01 00:00:00', 0 FROM educators WHERE id = ?", "PROOF_REQUIRED"},
		"the session ends": {"DELETE FROM sessions WHERE educator_id = ?", "UNAUTHENTICATED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *database.DB) {
				h := newHouse(t, d)
				in := h.in(t, h.NorthAdmin, home)
				h.pass(time.Minute)
				h.changeAfterFactors(func() {
					if _, err := h.Client().ExecContext(context.Background(), c.change, h.NorthAdmin.ID); err != nil {
						t.Error(err)
					}
				})
				if err := h.Prove(as(in), identity.Proof{Password: password}); code(err) != c.want {
					t.Errorf("%v; want %q", err, c.want)
				}
				proved := h.Client().Session.Query().Where(session.ProvedAt(h.clock())).CountX(fixture.System())
				if (proved == 1) != (c.want == "") {
					t.Errorf("%d sessions say that they were proved", proved)
				}
			})
		})
	}
}
