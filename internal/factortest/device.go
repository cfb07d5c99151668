// Package factortest plays, for tests, the devices that people hold in their hands:
// devices with passkeys, and apps that show codes.
package factortest

import (
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/pquerna/otp/totp"
)

// fullKey is the length of a key that the library writes right: it leaves leading
// zeros out, which one key in 128 has.
const fullKey = 77

// Device is an authenticator that signs whatever it is asked to, right or wrong.
type Device struct {
	Site virtualwebauthn.RelyingParty
	Auth virtualwebauthn.Authenticator
	Key  virtualwebauthn.Credential
}

// NewDevice returns a device in front of a page of the given origin.
func NewDevice(origin string) *Device {
	return &Device{
		Site: virtualwebauthn.RelyingParty{Name: "Homeroom", ID: strings.TrimPrefix(origin, "https://"), Origin: origin},
		Auth: virtualwebauthn.NewAuthenticator(), Key: NewKey(),
	}
}

// NewKey is a passkey that nobody has registered.
func NewKey() virtualwebauthn.Credential {
	for {
		if key := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2); len(key.Key.AttestationData()) == fullKey {
			return key
		}
	}
}

// Create makes the device's passkey, as a browser would be asked to.
func (d *Device) Create(t testing.TB, options string) string {
	t.Helper()
	asked, err := virtualwebauthn.ParseAttestationOptions(`{"publicKey":` + options + `}`)
	if err != nil {
		t.Fatal(err)
	}
	d.Auth.Options.UserHandle = []byte(asked.UserID)
	return virtualwebauthn.CreateAttestationResponse(d.Site, d.Auth, d.Key, *asked)
}

// Sign signs what a browser would be asked for.
func (d *Device) Sign(t testing.TB, options string) string {
	t.Helper()
	asked, err := virtualwebauthn.ParseAssertionOptions(`{"publicKey":` + options + `}`)
	if err != nil {
		t.Fatal(err)
	}
	d.Key.Counter++
	return virtualwebauthn.CreateAssertionResponse(d.Site, d.Auth, d.Key, *asked)
}

// Code is what an app shows at a moment.
func Code(t testing.TB, secret string, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}
