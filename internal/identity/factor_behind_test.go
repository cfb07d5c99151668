package identity_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/factorchallenge"
	"github.com/openhomeroom/homeroom/ent/db/recoverycode"
	"github.com/openhomeroom/homeroom/ent/db/session"
	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
)

// codeHashes are the recovery codes of an account, as they are stored.
func (h *house) codeHashes(who *db.Educator) (hashes []string) {
	for _, c := range h.Client().RecoveryCode.Query().Where(recoverycode.EducatorID(who.ID)).AllX(fixture.System()) {
		hashes = append(hashes, c.CodeHash)
	}
	slices.Sort(hashes)
	return hashes
}

// TestWhatAChangeOfFactorsLeavesBehind changes the factors of an account in each way that
// there is, while another session and a step of a sign-in are open.
func TestWhatAChangeOfFactorsLeavesBehind(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		nora := h.NorthAdmin
		in := h.in(t, nora, "192.0.2.1")
		l := &ledger{house: h}
		var phone *db.Passkey
		const same, made, none = "the same", "ten others", "none"
		for i, c := range []struct {
			what string
			do   func() error
			code string
			// others says whether the other session and the step end.
			others  bool
			codes   string
			entries []string
			mail    string
		}{
			{"an app is removed that is not there", func() error { return h.RemoveTOTP(as(in)) }, "NO_SECOND_FACTOR",
				false, same, nil, ""},
			{"codes are made without a factor", func() error { return second(h.RegenerateRecoveryCodes(as(in))) },
				"NO_SECOND_FACTOR", false, same, nil, ""},
			{"an app is set up", func() error { h.setUp(t, in); return nil }, "", true, made,
				[]string{"RECOVERY_CODES_MADE of Nora", "SECOND_FACTOR_ADDED of Nora"}, "an authenticator app was set up"},
			{"another app is set up", func() error { h.setUp(t, in); return nil }, "", true, same,
				[]string{"SECOND_FACTOR_ADDED of Nora"}, "an authenticator app was set up"},
			{"a passkey is added", func() error { _, phone, _ = h.register(t, in); return nil }, "", true, same,
				[]string{"SECOND_FACTOR_ADDED of Nora"}, "a passkey was added"},
			{"a passkey is renamed", func() error {
				_, err := h.RenamePasskey(as(in), phone.ID, "Tablet")
				return err
			}, "", false, same, []string{"PASSKEY_RENAMED of Nora"}, ""},
			{"codes are made anew", func() error { return second(h.RegenerateRecoveryCodes(as(in))) }, "", false, made,
				[]string{"RECOVERY_CODES_MADE of Nora"}, "new recovery codes were made"},
			{"a passkey is removed", func() error { return h.RemovePasskey(as(in), phone.ID) }, "", true, same,
				[]string{"SECOND_FACTOR_REMOVED of Nora"}, "a passkey was removed"},
			{"the app is removed, which is the last", func() error { return h.RemoveTOTP(as(in)) }, "", true, none,
				[]string{"SECOND_FACTOR_REMOVED of Nora"}, "the authenticator app of your account was removed"},
		} {
			h.Client().Session.Delete().Where(session.EducatorID(nora.ID), session.IDNEQ(in.Viewer.SessionID)).
				ExecX(fixture.System())
			h.sessions(nora, 1)
			h.Client().FactorChallenge.Delete().ExecX(fixture.System())
			h.Client().FactorChallenge.Create().SetPurpose(factorchallenge.PurposeSIGN_IN).SetEducatorID(nora.ID).
				SetTokenHash(fmt.Sprint(i)).SetState([]byte("x")).SetCreatedAt(h.clock()).
				SetExpiresAt(h.clock().Add(time.Minute)).ExecX(fixture.System())
			before := h.codeHashes(nora)
			l.since()
			sent := len(h.mails)
			if err := c.do(); code(err) != c.code {
				t.Errorf("%s: %v", c.what, err)
			}
			left := h.Client().Session.Query().Where(session.EducatorID(nora.ID)).CountX(fixture.System())
			open := h.Client().FactorChallenge.Query().Where(factorchallenge.TokenHash(fmt.Sprint(i))).
				ExistX(fixture.System())
			if want := map[bool]int{false: 2, true: 1}[c.others]; left != want || open == c.others {
				t.Errorf("%s: %d sessions are left, want %d; the step is open: %t", c.what, left, want, open)
			}
			now := h.codeHashes(nora)
			switch {
			case c.codes == same && slices.Equal(before, now):
			case c.codes == none && len(now) == 0:
			case c.codes == made && len(now) == 10 &&
				!slices.ContainsFunc(now, func(hash string) bool { return slices.Contains(before, hash) }):
			default:
				t.Errorf("%s: there were %d recovery codes, and are %d; want %s", c.what, len(before), len(now), c.codes)
			}
			if got := l.since(); !slices.Equal(got, c.entries) {
				t.Errorf("%s: entries %q, want %q", c.what, got, c.entries)
			}
			identity.Deliver(fixture.System(), h.Service)
			mails := h.mails[sent:]
			if c.mail == "" && len(mails) > 0 || c.mail != "" && (len(mails) != 1 || !strings.Contains(mails[0].Text, c.mail)) {
				t.Errorf("%s: mails %+v, want one that says %q", c.what, mails, c.mail)
			}
		}
	})
}

// TestWhatEndsWhenAnAddressChanges has accounts of two people linked to a provider.
func TestWhatEndsWhenAnAddressChanges(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		for _, e := range []*db.Educator{h.NorthAdmin, h.SouthAdmin, h.DistrictAdmin} {
			h.Client().ExternalIdentity.Create().SetEducatorID(e.ID).SetIssuer("https://issuer.example").
				SetSubject(fmt.Sprint(e.ID)).SetCreatedAt(h.clock()).SetLastUsedAt(h.clock()).ExecX(fixture.System())
		}
		err := h.DB.InTx(fixture.System(), func(ctx context.Context, client *db.Client) error {
			return credential.AddressChanged(ctx, client, h.NorthAdmin.ID, h.SouthAdmin.ID)
		})
		left := h.Client().ExternalIdentity.Query().AllX(fixture.System())
		if err != nil || len(left) != 1 || left[0].EducatorID != h.DistrictAdmin.ID {
			t.Errorf("%v; %d persons are linked", err, len(left))
		}
	})
}
