package identity

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/openhomeroom/homeroom/internal/fold"
)

const (
	// OperatorID is the external ID of the account under which the operator of an
	// installation imports files.
	OperatorID = "homeroom-operator"
	// agentID is the beginning of the external IDs of accounts in whose names service keys
	// import.
	agentID = "homeroom-key-"
)

// IsReserved reports whether an external ID belongs to an account that the server creates
// for itself, or looks like it.
func IsReserved(externalID string) bool {
	key := fold.Key(norm.NFKC.String(fold.Visible(externalID)))
	return key == OperatorID || strings.HasPrefix(key, agentID)
}
