package importer

import (
	"crypto/cipher"
	"encoding/binary"
	"fmt"
)

// jobSeal encrypts and authenticates things of one job with AES-256-GCM.
type jobSeal struct {
	jobID int
	aead  cipher.AEAD
}

func newJobSeal(jobID int, aead cipher.AEAD) *jobSeal { return &jobSeal{jobID: jobID, aead: aead} }

// close encrypts what stands at a place of the job: a piece of its file, a row.
func (e *jobSeal) close(place int, clear []byte) []byte {
	return e.aead.Seal(nil, nil, clear, e.at(place))
}

// open decrypts; it fails for whatever was not closed at the same place of the
// same job.
func (e *jobSeal) open(place int, sealed []byte) ([]byte, error) {
	clear, err := e.aead.Open(nil, nil, sealed, e.at(place))
	if err != nil {
		return nil, fmt.Errorf("decrypt part %d of job %d: the secret key has changed or the data are damaged: %w", place, e.jobID, err)
	}
	return clear, nil
}

func (e *jobSeal) at(place int) []byte {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(e.jobID))
	binary.BigEndian.PutUint64(b[8:], uint64(place))
	return b[:]
}
