package identity_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/ent/db/session"
	"github.com/openhomeroom/homeroom/ent/db/signinmark"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// knows reports whether a network is known for an account.
func (h *house) knows(who *db.Educator, network string) bool {
	hash := h.Client().Educator.GetX(fixture.System(), who.ID).PasswordHash
	sum := sha256.Sum256([]byte("known\x00" + fold.Key(who.Email) + "\x00" + network + "\x00" + hash))
	return h.Client().SignInMark.Query().Where(signinmark.Mark(hex.EncodeToString(sum[:]))).ExistX(fixture.System())
}

// TestWhatASignInByFactorLeavesBehind signs in with a second factor, and with a passkey
// alone, in a network that was never used before.
func TestWhatASignInByFactorLeavesBehind(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		const network = "192.0.2.1"
		nora, saul := h.NorthAdmin, h.SouthAdmin
		a := h.setUp(t, h.in(t, nora, "192.0.2.77"))
		phone, _, _ := h.register(t, h.in(t, saul, "192.0.2.78"))
		if h.knows(nora, network) || h.knows(saul, network) {
			t.Fatal("the network is known before")
		}
		// The limit of an account in a network is ten at once. The clock stands still, so
		// only what is given back lets more of them pass.
		for i := range 10 {
			step := h.step(t, nora)
			if _, err := h.complete(h.Service, step, a.codes[i]); err != nil {
				t.Fatalf("sign-in %d: %v", i, err)
			}
		}
		taken := h.Client().SignInMark.Query().Where(signinmark.UntilMsGT(h.clock().Add(time.Minute).UnixMilli()),
			signinmark.UntilMsLT(h.clock().Add(time.Hour).UnixMilli())).CountX(fixture.System())
		if taken != 0 {
			t.Errorf("%d limits have kept what ten right sign-ins took", taken)
		}
		if _, err := h.open(t, h.Service, phone); err != nil {
			t.Fatal(err)
		}
		if !h.knows(nora, network) {
			t.Error("the network of a second factor is not known")
		}
		if !h.knows(saul, network) {
			t.Error("the network of a passkey is not known")
		}
	})
}

// TestRefusedFactorsAreOnRecord shows wrong factors in each way.
func TestRefusedFactorsAreOnRecord(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		a := h.setUp(t, h.in(t, h.NorthAdmin, home))
		phone, _, _ := h.register(t, h.in(t, h.SouthAdmin, home))
		h.Client().Passkey.Update().SetSecondOnly(1).ExecX(fixture.System())
		refused := func() int {
			return h.Client().AuditEvent.Query().Where(auditevent.Action(string(audit.SignInRefused)),
				auditevent.CodeNEQ("SECOND_FACTOR_REQUIRED")).CountX(fixture.System())
		}
		for what, try := range map[string]func() error{
			"a code": func() error {
				_, err := h.complete(h.Service, h.step(t, h.NorthAdmin), a.wrong(h.clock()))
				return err
			},
			"a passkey that opens nothing alone": func() error {
				_, err := h.open(t, h.Service, phone)
				return err
			},
		} {
			before := refused()
			if err := try(); err == nil {
				t.Errorf("%s was taken", what)
			}
			if n := refused() - before; n != 1 {
				t.Errorf("%s: %d entries", what, n)
			}
		}
	})
}

// TestTheCodeThatSetsUpAnAppIsUsedUp shows the same code again at the same moment.
func TestTheCodeThatSetsUpAnAppIsUsedUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		in := h.in(t, h.NorthAdmin, home)
		made, c, err := h.BeginTOTP(as(in))
		if err != nil {
			t.Fatal(err)
		}
		a := app{secret: made.Secret}
		if _, err := h.ConfirmTOTP(as(in), c.Token, a.at(h.clock())+strings.Repeat(" ", 2000)); code(err) != "WRONG_CODE" {
			t.Errorf("a code of 2006 bytes: %v", err)
		}
		if _, err := h.ConfirmTOTP(as(in), c.Token, a.at(h.clock())); err != nil {
			t.Fatal(err)
		}
		again := identity.Proof{Answer: identity.Answer{Code: a.at(h.clock())}}
		if err := h.Prove(as(in), again); code(err) != "WRONG_CODE" {
			t.Errorf("the code again: %v", err)
		}
	})
}

// TestAResetLeavesNoFactor resets the factors of somebody who has all of them.
func TestAResetLeavesNoFactor(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		in := h.in(t, h.NorthTeacher, home)
		h.setUp(t, in)
		h.register(t, in)
		h.delivered(t, 2)
		h.pass(time.Minute)
		if _, err := h.ResetFactors(as(h.in(t, h.NorthAdmin, home)), h.NorthTeacher.ID); err != nil {
			t.Fatal(err)
		}
		if n := len(h.codeHashes(h.NorthTeacher)); n != 0 {
			t.Errorf("%d recovery codes are left", n)
		}
		apps, keys := h.Client().TotpSecret.Query(), h.Client().Passkey.Query()
		if a, k := apps.CountX(fixture.System()), keys.CountX(fixture.System()); a+k != 0 {
			t.Errorf("%d apps and %d passkeys are left", a, k)
		}
		if h.alive(t, in) {
			t.Error("the session goes on")
		}
		mail := h.delivered(t, 3)[2]
		if mail.To != h.NorthTeacher.Email || !strings.Contains(mail.Text, "removed the second factors") {
			t.Errorf("the third mail is %+v", mail)
		}
	})
}

// TestASessionFromAProviderCountsOn removes the last factor of somebody whose address has
// to sign in at a provider by now, and of somebody whose address has not.
func TestASessionFromAProviderCountsOn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		for _, c := range []struct {
			who        *db.Educator
			providerOf map[string]string
			want       int8
		}{
			{h.SouthAdmin, nil, 0},
			{h.NorthAdmin, map[string]string{"example.com": "District sign-in"}, 1},
		} {
			in := h.in(t, c.who, home)
			h.setUp(t, in)
			h.providerOf = c.providerOf
			if _, err := h.Client().ExecContext(t.Context(), "UPDATE sessions SET provider = ? WHERE id = ?",
				known("", h.NorthAdmin).Provider, in.Viewer.SessionID); err != nil {
				t.Fatal(err)
			}
			if err := h.server().RemoveTOTP(as(in)); err != nil {
				t.Fatal(err)
			}
			if now := h.Client().Session.GetX(fixture.System(), in.Viewer.SessionID); now.SecondFactor != c.want {
				t.Errorf("required providers %v: the session has second factor %d; want %d", c.providerOf, now.SecondFactor,
					c.want)
			}
		}
	})
}

// TestAServerWithoutADomainNamesNoPasskey asks for the second step at a server where
// passkeys do not work.
func TestAServerWithoutADomainNamesNoPasskey(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		in := h.in(t, h.NorthAdmin, home)
		h.setUp(t, in)
		h.register(t, in)
		with := h.step(t, h.NorthAdmin)
		h.noSite = true
		h.Service = h.server()
		without := h.step(t, h.NorthAdmin)
		if !slices.Contains(with.Methods, identity.Passkey) || with.Passkey == "" {
			t.Errorf("with a domain: %+v", with.Methods)
		}
		if want := []identity.Method{identity.TOTP, identity.RecoveryCode}; !slices.Equal(without.Methods, want) ||
			without.Passkey != "" {
			t.Errorf("without a domain: %+v; want %v", without.Methods, want)
		}
	})
}

// TestAnAccountHasTwentyPasskeys begins one more at nineteen and at twenty.
func TestAnAccountHasTwentyPasskeys(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		in := h.in(t, h.NorthAdmin, home)
		h.register(t, in)
		for i := range 18 {
			h.Client().Passkey.Create().SetEducatorID(h.NorthAdmin.ID).SetName("x").SetCredentialHash(strings.Repeat("0", 62) +
				string(rune('a'+i)) + "x").SetCredentialID([]byte{byte(i)}).SetPublicKey([]byte("x")).SetAaguid("x").
				SetSignCount(0).SetCreatedAt(h.clock()).ExecX(fixture.System())
		}
		h.register(t, in)
		if _, err := h.BeginPasskey(as(in)); code(err) != "TOO_MANY_PASSKEYS" {
			t.Errorf("the 21st: %v", err)
		}
	})
}

// TestABrowserRemembersEightAccounts signs in to nine, one after the other, in one
// browser.
func TestABrowserRemembersEightAccounts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		kept := ""
		for i := range 9 {
			who := h.Educator(t, h.Alpha, "Person"+string(rune('A'+i))+" Smith", viewer.Teacher, h.North)
			who = who.Update().SetPasswordHash(h.hash(t)).SaveX(fixture.System())
			in, err := h.SignIn(identity.WithDevices(from(home), kept), who.Email, password)
			if err != nil {
				t.Fatal(err)
			}
			kept = in.Devices
		}
		if n := len(strings.Split(kept, ".")); n != 8 {
			t.Errorf("the browser keeps %d tokens", n)
		}
	})
}

// TestTheNameOfAClientIsShown lists what a program has called itself.
func TestTheNameOfAClientIsShown(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		ctx := viewer.WithOrigin(t.Context(), viewer.Origin{
			Address: netip.MustParseAddr("::ffff:192.0.2.9"), UserAgent: "a\x1b[31mb\nc\x7f\xff" + strings.Repeat("ö", 300),
		})
		in, err := h.SignIn(ctx, h.NorthAdmin.Email, password)
		if err != nil {
			t.Fatal(err)
		}
		row := h.Client().Session.Query().Where(session.ID(in.Viewer.SessionID)).OnlyX(fixture.System())
		if want := "a[31mbc" + strings.Repeat("ö", 192) + "…"; row.UserAgent != want {
			t.Errorf("%q; want %q", row.UserAgent, want)
		}
		if row.Address != "192.0.2.9" {
			t.Errorf("the address is %s", row.Address)
		}
	})
}

// TestASchoolsKeysAreItsOwn lists the keys of a school and of its district, and revokes
// one.
func TestASchoolsKeysAreItsOwn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		district, school := as(h.in(t, h.DistrictAdmin, home)), as(h.in(t, h.NorthAdmin, home))
		secrets := map[string]string{}
		for name, at := range map[string]int{"of the district": h.Alpha.ID, "of the school": h.North.ID} {
			_, secret, err := h.CreateKey(district, identity.NewKey{Name: name, OrganizationID: at,
				Scopes: []viewer.Scope{viewer.UsageWrite}, ExpiresAt: h.clock().Add(time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			secrets[name] = secret
		}
		names := func(list []*db.ServiceKey, err error) (names []string) {
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range list {
				names = append(names, k.Name)
			}
			slices.Sort(names)
			return names
		}
		if got := names(h.Keys(school, h.North.ID)); !slices.Equal(got, []string{"of the school"}) {
			t.Errorf("the school has %q", got)
		}
		if got := names(h.Keys(district, h.North.ID)); !slices.Equal(got, []string{"of the school"}) {
			t.Errorf("for the district, the school has %q", got)
		}
		if got := names(h.Keys(district, h.Alpha.ID)); !slices.Equal(got, []string{"of the district", "of the school"}) {
			t.Errorf("the district has %q", got)
		}
		list, err := h.Keys(school, h.North.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.RevokeKey(school, list[0].ID); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Authenticate(from(home), secrets["of the school"]); fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("the revoked key: %v", err)
		}
		if _, err := h.Authenticate(from(home), secrets["of the district"]); err != nil {
			t.Errorf("the other key: %v", err)
		}
	})
}
