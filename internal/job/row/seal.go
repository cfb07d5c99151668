package row

import (
	"crypto/cipher"
	"encoding/binary"
	"fmt"
)

// Seal encrypts and authenticates things of one job with AES-256-GCM.
type Seal struct {
	JobID int
	aead  cipher.AEAD
}

// NewSeal returns the seal of a job.
func NewSeal(jobID int, aead cipher.AEAD) *Seal { return &Seal{JobID: jobID, aead: aead} }

// Close encrypts data at a place of the job: a piece of its file, or a row.
func (e *Seal) Close(place int, plain []byte) []byte {
	return e.aead.Seal(nil, nil, plain, e.at(place))
}

// Open decrypts; it fails for data that was not encrypted at the same place of the
// same job.
func (e *Seal) Open(place int, sealed []byte) ([]byte, error) {
	plain, err := e.aead.Open(nil, nil, sealed, e.at(place))
	if err != nil {
		return nil, fmt.Errorf("decrypt part %d of job %d: the secret key has changed or the data are damaged: %w",
			place, e.JobID, err)
	}
	return plain, nil
}

func (e *Seal) at(place int) []byte {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(e.JobID))
	binary.BigEndian.PutUint64(b[8:], uint64(place))
	return b[:]
}
