package vault

import (
	"fmt"

	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/seal"
)

// What the keys of a job are for. A key of one purpose opens nothing of another.
const (
	ForFile      = "file"
	ForPasswords = "passwords"
	ForRows      = "rows"
	forProblems  = "problems"
)

// SealOf derives the key of a job for a purpose. With a key for each job, random
// nonces stay far from the number at which two of them might be equal. What it closes
// is closed with the secret key; what it opens may have been closed with an old one.
func (t *Vault) SealOf(jobID int, purpose string) (*row.Seal, error) {
	aead, err := seal.NewReader(t.key, t.oldKeys, cipherOf(jobID, purpose))
	return row.NewSeal(jobID, aead), err
}

// sealBy is sealOf for one key alone.
func sealBy(key []byte, jobID int, purpose string) (*row.Seal, error) {
	aead, err := seal.New(key, cipherOf(jobID, purpose))
	return row.NewSeal(jobID, aead), err
}

func cipherOf(jobID int, purpose string) string {
	return fmt.Sprintf("homeroom bulk job %d %s", jobID, purpose)
}
