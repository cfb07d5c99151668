package importer

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// What the keys of a job are for. A key of one purpose opens nothing of another.
const (
	forFile      = "file"
	forPasswords = "passwords"
	forRows      = "rows"
)

// seal encrypts and authenticates things of one job with AES-256-GCM.
type seal struct {
	jobID int
	aead  cipher.AEAD
}

// sealOf derives the key of a job for a purpose. With a key for each job, random
// nonces stay far from the number at which two of them might be equal.
func (s *Service) sealOf(jobID int, purpose string) (*seal, error) {
	key, err := hkdf.Key(sha256.New, s.key, nil, fmt.Sprintf("homeroom bulk job %d %s", jobID, purpose), 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return &seal{jobID: jobID, aead: aead}, err
}

// close encrypts what stands at a place of the job: a piece of its file, a row.
func (e *seal) close(place int, clear []byte) []byte {
	return e.aead.Seal(nil, nil, clear, e.at(place))
}

// open decrypts; it fails for whatever was not closed at the same place of the
// same job.
func (e *seal) open(place int, sealed []byte) ([]byte, error) {
	clear, err := e.aead.Open(nil, nil, sealed, e.at(place))
	if err != nil {
		return nil, fmt.Errorf("decrypt part %d of job %d: the secret key has changed or the data are damaged: %w", place, e.jobID, err)
	}
	return clear, nil
}

func (e *seal) at(place int) []byte {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(e.jobID))
	binary.BigEndian.PutUint64(b[8:], uint64(place))
	return b[:]
}
