package row

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"unicode/utf8"

	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Deref returns a text that may be missing; it is empty then.
func Deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// MaxKeyLength is the width of columns that hold folded text. Folding can make text
// longer: ß becomes ss.
const MaxKeyLength = 190

// HashPrint distinguishes two stored passwords without revealing one; it is empty if there
// is no password.
func HashPrint(hash string) string {
	if hash == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(hash))
	return hex.EncodeToString(sum[:16])
}

// SystemFor is the context of writes that a check has allowed before.
func SystemFor(ctx context.Context) context.Context {
	return viewer.AsSystem(ctx, "write checked rows of a file")
}

// AsItWas reports whether the fields that a plan changes still hold the values from
// the time of the plan. It replaces a version for tables without one.
func AsItWas(p *Plan, now map[string]string) bool {
	for field, was := range p.Was {
		if now[field] != was {
			return false
		}
	}
	return true
}

// MaxLabel is how many characters of a label are kept.
const MaxLabel = 255

// CheckExternalID checks an ID that has been cleaned.
func CheckExternalID(id string) *fault.Error {
	if utf8.RuneCountInString(id) > roster.MaxExternalID {
		return fault.Invalidf("the external ID has more than %d characters", roster.MaxExternalID).WithCode(TooLong)
	}
	return nil
}
