package main_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/factortest"
	"github.com/openhomeroom/homeroom/internal/seal"
	"github.com/openhomeroom/homeroom/internal/testlog"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// keyedApp is the authenticator app of an account of the sample.
type keyedApp struct {
	email, secret string
}

// setUpApp sets an authenticator app up for somebody.
func setUpApp(t *testing.T, address, email string) keyedApp {
	t.Helper()
	c := signIn(t, address, email, samplePassword)
	var begun struct {
		BeginTotpEnrollment struct{ Challenge, Secret string }
	}
	c.ask(`mutation { beginTotpEnrollment { challenge secret } }`, nil, &begun)
	a := keyedApp{email, testlog.Secret(begun.BeginTotpEnrollment.Secret)}
	var confirmed struct {
		ConfirmTotpEnrollment struct {
			RecoveryCodes []string
			UserErrors    []refusal
		}
	}
	c.ask(`mutation ($input: ConfirmTotpEnrollmentInput!) { confirmTotpEnrollment(input: $input) { recoveryCodes userErrors
		{ code message } } }`,
		variables{"input": variables{
			"challenge": testlog.Secret(begun.BeginTotpEnrollment.Challenge),
			"code":      factortest.Code(t, a.secret, time.Now()),
		}}, &confirmed)
	if p := confirmed.ConfirmTotpEnrollment; len(p.UserErrors) > 0 || len(p.RecoveryCodes) == 0 {
		t.Fatalf("%s: %v", email, p.UserErrors)
	}
	for _, code := range confirmed.ConfirmTotpEnrollment.RecoveryCodes {
		testlog.Secret(code)
	}
	return a
}

// firstStep gives the right password and returns the challenge of the second step.
func (a keyedApp) firstStep(t *testing.T, address string) string {
	t.Helper()
	c := &client{t: t, address: address}
	var data struct {
		SignIn struct {
			SecondFactor struct{ Challenge string }
			UserErrors   []refusal
		}
	}
	c.ask(`mutation ($input: SignInInput!) { signIn(input: $input) { secondFactor { challenge } userErrors { code message }
		} }`,
		variables{"input": variables{"email": a.email, "password": samplePassword}}, &data)
	if data.SignIn.SecondFactor.Challenge == "" {
		t.Fatalf("%s gets no second step: %v", a.email, data.SignIn.UserErrors)
	}
	return testlog.Secret(data.SignIn.SecondFactor.Challenge)
}

// secondStep shows a code at a server.
func (a keyedApp) secondStep(in installation, address, challenge string) {
	in.t.Helper()
	// A code is good once, and a test does not wait for the next half minute.
	d := in.open()
	_, err := d.Exec("UPDATE totp_secrets SET last_step = 0")
	d.Close()
	if err != nil {
		in.t.Fatal(err)
	}
	c := &client{t: in.t, address: address}
	var data struct {
		CompleteSignIn struct {
			Token      string
			UserErrors []refusal
		}
	}
	c.ask(`mutation ($input: CompleteSignInInput!) { completeSignIn(input: $input) { token userErrors { code message } }
		}`,
		variables{"input": variables{"challenge": challenge, "code": factortest.Code(in.t, a.secret, time.Now())}}, &data)
	if testlog.Secret(data.CompleteSignIn.Token) == "" {
		in.t.Errorf("%s cannot sign in with the app: %v", a.email, data.CompleteSignIn.UserErrors)
	}
}

// manyApps gives further accounts an app each, whose secrets were encrypted with a key.
func (in installation) manyApps(key []byte, n int) {
	in.t.Helper()
	aead, err := seal.New(key, "homeroom second factors")
	if err != nil {
		in.t.Fatal(err)
	}
	d, err := database.Open(context.Background(), in.url)
	if err != nil {
		in.t.Fatal(err)
	}
	defer d.Close()
	system := viewer.AsSystem(context.Background(), "accounts of a test")
	client := d.Client(system)
	district := client.Organization.Query().FirstX(system).DistrictID
	for chunk := range slices.Chunk(make([]struct{}, n), 500) {
		people := make([]*db.EducatorCreate, len(chunk))
		for i := range people {
			people[i] = client.Educator.Create().SetDistrictID(district).SetFirstName("Person").SetLastName(fmt.Sprint(i)).
				SetSortName(fmt.Sprint(i))
		}
		apps := make([]*db.TotpSecretCreate, len(chunk))
		for i, e := range client.Educator.CreateBulk(people...).SaveX(system) {
			apps[i] = client.TotpSecret.Create().SetEducatorID(e.ID).SetLastStep(0).
				SetSecret(aead.Seal(nil, nil, []byte("JBSWY3DPEHPK3PXP"), fmt.Append(nil, "totp ", e.ID)))
		}
		client.TotpSecret.CreateBulk(apps...).ExecX(system)
	}
}

// sealedWith returns the accounts whose apps a key opens.
func (in installation) sealedWith(key []byte) (ids []int) {
	in.t.Helper()
	aead, err := seal.NewReader(key, nil, "homeroom second factors")
	if err != nil {
		in.t.Fatal(err)
	}
	d := in.open()
	defer d.Close()
	rows, err := d.Query("SELECT educator_id, secret FROM totp_secrets ORDER BY id")
	if err != nil {
		in.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int
		var sealed []byte
		if err := rows.Scan(&id, &sealed); err != nil {
			in.t.Fatal(err)
		}
		if aead.KeyOf(sealed, fmt.Append(nil, "totp ", id)) == 0 {
			ids = append(ids, id)
		}
	}
	if err := rows.Err(); err != nil {
		in.t.Fatal(err)
	}
	return ids
}

// killWhileItEncryptsApps kills a server as soon as it has encrypted the app of the first
// account again.
func (in installation) killWhileItEncryptsApps(first int) {
	in.t.Helper()
	d := in.open()
	defer d.Close()
	// What a server held that was killed is free, as it would be after a while.
	if _, err := d.Exec("UPDATE leases SET owner = ''"); err != nil {
		in.t.Fatal(err)
	}
	secret := func() (sealed []byte) {
		if err := d.QueryRow("SELECT secret FROM totp_secrets WHERE educator_id = ?", first).Scan(&sealed); err != nil {
			in.t.Fatal(err)
		}
		return sealed
	}
	before := secret()
	cmd := in.command("serve", shortLease, "--addr", "127.0.0.1:0")
	if err := cmd.Start(); err != nil {
		in.t.Fatal(err)
	}
	in.t.Cleanup(func() { _ = cmd.Process.Kill() })
	for deadline := time.Now().Add(patience); bytes.Equal(secret(), before); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			in.t.Fatal("nothing was encrypted anew")
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// TestSecondFactorsSurviveARotation changes the secret key of people who sign in with an
// authenticator app: before, while servers are killed that encrypt, and afterwards.
func TestSecondFactorsSurviveARotation(t *testing.T) {
	t.Parallel()
	eachInstallation(t, func(t *testing.T, in installation) {
		oldKey, newKey := []byte("an old key of thirty-two bytes.."), []byte("a new key of thirty-two bytes....")
		in.run("seed", "--students", "200")
		in.env = []string{"HOMEROOM_SECRET_KEY=" + hex.EncodeToString(oldKey)}
		s := in.start("serve")
		first := setUpApp(t, s.address, "district@example.com")
		in.manyApps(oldKey, 4_000)
		last := setUpApp(t, s.address, "school@example.com")
		first.secondStep(in, s.address, first.firstStep(t, s.address))
		begun := last.firstStep(t, s.address)
		s.stop()

		in.env = []string{"HOMEROOM_SECRET_KEY=" + hex.EncodeToString(newKey)}
		if said := in.run("doctor"); !strings.Contains(said, "None of the given secret keys opens 4002 authenticator apps") {
			t.Errorf("without the old key: %s", said)
		}
		in.env = append(in.env, "HOMEROOM_OLD_SECRET_KEYS="+hex.EncodeToString(oldKey))
		if said := in.run("doctor"); !strings.Contains(said, "is needed by 4002 authenticator apps") {
			t.Errorf("before: %s", said)
		}
		met := 0
		for range 3 {
			left := in.sealedWith(oldKey)
			if len(left) == 0 {
				break
			}
			in.killWhileItEncryptsApps(left[0])
			if n := len(in.sealedWith(oldKey)); n > 0 {
				met++
			}
			if n := len(in.sealedWith(oldKey)) + len(in.sealedWith(newKey)); n != 4_002 {
				t.Fatalf("%d apps can be opened", n)
			}
		}
		if met == 0 {
			t.Error("no server was killed in the middle")
		}
		// In the middle: the first app has the new key, and the last one the old one.
		s = in.start("serve", shortLease)
		last.secondStep(in, s.address, begun)
		first.secondStep(in, s.address, first.firstStep(t, s.address))
		for deadline := time.Now().Add(2 * patience); !strings.Contains(in.run("doctor"),
			"is needed by nothing that is stored"); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("the old key is still needed: %s\n%s", in.run("doctor"), s.said)
			}
		}
		s.stop()

		in.env = in.env[:1]
		s = in.start("serve")
		for _, a := range []keyedApp{first, last} {
			a.secondStep(in, s.address, a.firstStep(t, s.address))
		}
		if said := in.run("doctor"); strings.Contains(said, "secret key") {
			t.Errorf("%s", said)
		}
		s.stop()
	})
}
