package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strconv"
)

// Rows computes the digest of the rows of a bulk job that one transaction has written. The
// entry of the batch holds the digest. The rows themselves stay with the job, and as long
// as they do, Verify computes the digest from them again.
type Rows struct {
	hash   hash.Hash
	n      int
	images int
}

// Add adds a row as it is stored: its number, the key of what it changed, the version
// after the change, its plan, and the values before. Rows must come in the order of their
// numbers.
func (r *Rows) Add(row, targetID, version int, plan, before []byte) {
	if r.hash == nil {
		r.hash = sha256.New()
		write(r.hash, "homeroom audit rows 1")
	}
	r.n++
	if len(before) > 0 {
		r.images++
	}
	var number [3 * 20]byte
	line := number[:0]
	for _, n := range []int{row, targetID, version} {
		line = append(strconv.AppendInt(line, int64(n), 10), ' ')
	}
	r.hash.Write(line)
	writeBytes(r.hash, plan)
	writeBytes(r.hash, before)
}

// Count returns the number of rows that were added.
func (r *Rows) Count() int { return r.n }

// Images returns how many of them replaced something.
func (r *Rows) Images() int { return r.images }

// Digest returns the digest of the rows, in hexadecimal; it is empty without rows.
func (r *Rows) Digest() string {
	if r.hash == nil {
		return ""
	}
	return hex.EncodeToString(r.hash.Sum(nil))
}

func writeBytes(h hash.Hash, part []byte) {
	var length [20]byte
	h.Write(append(strconv.AppendInt(length[:0], int64(len(part)), 10), ':'))
	h.Write(part)
}
