// Package vault stores the parts of a job that must be encrypted: its file, passwords,
// refused rows and the wording of problems.
package vault

import (
	"slices"

	"github.com/openhomeroom/homeroom/internal/job/row"
)

// Vault keeps what of a job is only ever stored encrypted: its file, passwords, refused
// rows and the wording of problems. Each job has keys of its own, which are derived
// from the secret key of the installation.
type Vault struct {
	row.Env
	key     []byte
	oldKeys [][]byte
	// Print is that of the secret key; keys are all that this server has, by their prints.
	Print string
	keys  map[string][]byte
	// most is how many bytes a file may have.
	most int64
}

// NewVault returns the vault of a server; most is how many bytes a file may have.
func NewVault(e row.Env, key []byte, oldKeys [][]byte, most int64) *Vault {
	keys := map[string][]byte{}
	for _, k := range append(slices.Clone(oldKeys), key) {
		keys[keyPrint(k)] = k
	}
	return &Vault{Env: e, key: key, oldKeys: oldKeys, Print: keyPrint(key), keys: keys, most: most}
}
