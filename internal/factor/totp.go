// Package factor implements second factors: the codes of authenticator apps (TOTP, RFC
// 6238), recovery codes, and passkeys (WebAuthn). It only computes. Package identity
// stores factors and knows to whom they belong.
package factor

import (
	"bytes"
	"encoding/base64"
	"image/png"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"
)

const (
	// period is how long an app shows a code.
	period = 30 * time.Second
	// skew is how many steps a code may be early or late, for clocks that differ and
	// people who type slowly.
	skew = 1
	// qrSize is the side of the picture in pixels.
	qrSize = 240
)

// appOptions are options that every authenticator app supports.
var appOptions = hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}

// TOTP is the secret of an authenticator app, for the person who sets it up.
type TOTP struct {
	// Secret is in base32, for apps that cannot read the picture.
	Secret string
	// URI is the content of the picture: otpauth://totp/…
	URI string
}

// NewTOTP creates a secret for an account.
func NewTOTP(issuer, account string) (TOTP, error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: account, Period: uint(period / time.Second)})
	if err != nil {
		return TOTP{}, err
	}
	return TOTP{Secret: key.Secret(), URI: key.URL()}, nil
}

// Picture returns a QR code as a data: URL with a PNG. It takes some milliseconds of a
// core, so it is not for use within a transaction.
func (t TOTP) Picture() (string, error) {
	key, err := otp.NewKeyFromURL(t.URI)
	if err != nil {
		return "", err
	}
	picture, err := key.Image(qrSize, qrSize)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		return "", err
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// Step returns the time step of a code, and whether the code is right at a moment, give or
// take one step. A code works once; so a caller that accepts one stores its step and
// accepts no step that is not later.
func Step(secret, code string, now time.Time) (step int64, right bool) {
	code = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1 // apps show codes in two halves
		}
		return r
	}, code)
	at := now.Unix() / int64(period/time.Second)
	for step := at - skew; step <= at+skew; step++ {
		// A code of the wrong length returns an error here, and counts as wrong.
		if right, err := hotp.ValidateCustom(code, uint64(step), secret, appOptions); err == nil && right {
			return step, true
		}
	}
	return 0, false
}
