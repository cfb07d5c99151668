package factor

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// RecoveryCodes is how many codes somebody gets at a time.
const RecoveryCodes = 10

// recoveryLength is the length of a code in letters of base32: 80 bits, which nobody can
// guess, not even by trying hashes.
const recoveryLength = 16

// NewRecoveryCodes makes codes, each in four groups of four letters and digits.
func NewRecoveryCodes() []string {
	codes := make([]string, RecoveryCodes)
	for i := range codes {
		text := strings.ToLower(rand.Text())
		codes[i] = text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:recoveryLength]
	}
	return codes
}

// IsRecoveryCode reports whether a text looks like a recovery code and not like the code
// of an app.
func IsRecoveryCode(text string) bool { return len(plain(text)) == recoveryLength }

// HashRecoveryCode returns what is stored of a code of an account.
func HashRecoveryCode(account int, code string) string {
	sum := sha256.Sum256([]byte("recovery code\x00" + strconv.Itoa(account) + "\x00" + plain(code)))
	return hex.EncodeToString(sum[:])
}

// plain returns a code as it was made, however it was typed.
func plain(code string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '-' || r == ' ' || r == '\t':
			return -1
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		default:
			return r
		}
	}, code)
}
