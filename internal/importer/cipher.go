package importer

import (
	"crypto/cipher"
	"encoding/binary"
	"fmt"

	"homeroom/internal/seal"
)

// What the keys of a job are for. A key of one purpose opens nothing of another.
const (
	forFile      = "file"
	forPasswords = "passwords"
	forRows      = "rows"
	forProblems  = "problems"
)

// jobSeal encrypts and authenticates things of one job with AES-256-GCM.
type jobSeal struct {
	jobID int
	aead  cipher.AEAD
}

// sealOf derives the key of a job for a purpose. With a key for each job, random
// nonces stay far from the number at which two of them might be equal. What it closes
// is closed with the secret key; what it opens may have been closed with an old one.
func (s *Service) sealOf(jobID int, purpose string) (*jobSeal, error) {
	aead, err := seal.NewReader(s.key, s.oldKeys, cipherOf(jobID, purpose))
	return &jobSeal{jobID: jobID, aead: aead}, err
}

// sealBy is sealOf for one key alone.
func sealBy(key []byte, jobID int, purpose string) (*jobSeal, error) {
	aead, err := seal.New(key, cipherOf(jobID, purpose))
	return &jobSeal{jobID: jobID, aead: aead}, err
}

func cipherOf(jobID int, purpose string) string {
	return fmt.Sprintf("homeroom bulk job %d %s", jobID, purpose)
}

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
