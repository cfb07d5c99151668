package vault

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
)

// keyPrint returns a fingerprint of the secret key: enough to distinguish two keys, but
// the key cannot be found from it.
func keyPrint(key []byte) string {
	keyPrint, err := hkdf.Key(sha256.New, key, nil, "homeroom bulk job key print", printLength/2)
	if err != nil {
		panic(err) // Only a length beyond what the hash gives is an error.
	}
	return hex.EncodeToString(keyPrint)
}

// printLength is the length of a print in hexadecimal.
const printLength = 16

// The print of a job is that of the key that encrypts its file, rows and passwords. If
// a server with a newer key has written to the job, the print of that key precedes the
// other one until Reseal has encrypted everything with it. A server that has only one
// of the keys leaves the job alone.

// split returns the print of the key that a job is written with, and that of the key
// which is still needed to read it, or nothing.
func split(keyPrint string) (written, needed string) {
	if len(keyPrint) <= printLength {
		return keyPrint, ""
	}
	return keyPrint[:printLength], keyPrint[printLength:]
}

// Reads reports whether this server has every key of a job.
func (t *Vault) Reads(job *db.BulkJob) bool {
	written, needed := split(job.KeyPrint)
	return (written == "" || t.keys[written] != nil) && (needed == "" || t.keys[needed] != nil)
}

// Readable are the prints of jobs that this server reads.
func (t *Vault) Readable() []string {
	prints := []string{""}
	for a := range t.keys {
		prints = append(prints, a)
		for b := range t.keys {
			if a != b {
				prints = append(prints, a+b)
			}
		}
	}
	return prints
}

// Opens reports whether this server can work on a job: it has the keys, and the print of
// the job can show what it writes with its own key. An undo needs no key.
func (t *Vault) Opens(job *db.BulkJob) bool {
	written, needed := split(job.KeyPrint)
	return job.Status == bulkjob.StatusUNDOING || t.Reads(job) && (needed == "" || written == t.Print)
}

// Adopted is the print of a job that this server writes to.
func (t *Vault) Adopted(keyPrint string) string {
	written, needed := split(keyPrint)
	if written == "" || written == t.Print || needed != "" || t.keys[written] == nil {
		return keyPrint
	}
	return t.Print + written
}
