package importer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"homeroom/internal/viewer"
)

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// maxKey is the width of columns that hold folded text. Folding can make text
// longer: ß becomes ss.
const maxKey = 190

// hashPrint tells two stored passwords apart without being one; it is empty for
// none.
func hashPrint(hash string) string {
	if hash == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(hash))
	return hex.EncodeToString(sum[:16])
}

// systemFor is the context of writes that a check has allowed before.
func systemFor(ctx context.Context) context.Context {
	return viewer.AsSystem(ctx, "write checked rows of a file")
}

// asItWas reports whether the fields that a plan changes still hold what they did
// when it was made. It stands in for a version where a table has none.
func asItWas(p *plan, now map[string]string) bool {
	for field, was := range p.Was {
		if now[field] != was {
			return false
		}
	}
	return true
}

// maxLabel is how many characters of a label are kept.
const maxLabel = 255
