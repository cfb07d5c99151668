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
	// period is how long a code of an app is shown.
	period = 30 * time.Second
	// skew is how many steps a code may be old or early, for clocks that differ and
	// people who type slowly.
	skew = 1
	// qrSize is the side of the picture in pixels.
	qrSize = 240
)

// appOptions are what every authenticator app understands.
var appOptions = hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}

// TOTP is the secret of an authenticator app, for the person who sets it up.
type TOTP struct {
	// Secret is what apps take where they cannot see the picture, in base32.
	Secret string
	// URI is what the picture shows: otpauth://totp/…
	URI string
}

// NewTOTP makes a secret for an account.
func NewTOTP(issuer, account string) (TOTP, error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: account, Period: uint(period / time.Second)})
	if err != nil {
		return TOTP{}, err
	}
	return TOTP{Secret: key.Secret(), URI: key.URL()}, nil
}

// Picture draws a QR code, as a data: address of a PNG. It takes some milliseconds of a
// core, so it is not for a transaction.
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

// Step returns the time step that a code belongs to, and whether the code is right
// at a moment, one step early or late included. A code is good once; so whoever
// takes one keeps its step and takes none that is not later.
func Step(secret, code string, now time.Time) (step int64, right bool) {
	code = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1 // apps show codes in two halves
		}
		return r
	}, code)
	at := now.Unix() / int64(period/time.Second)
	for step := at - skew; step <= at+skew; step++ {
		// A code of the wrong length is an error here, and wrong.
		if right, err := hotp.ValidateCustom(code, uint64(step), secret, appOptions); err == nil && right {
			return step, true
		}
	}
	return 0, false
}
