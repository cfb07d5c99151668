package audit

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"strconv"

	"github.com/openhomeroom/homeroom/ent/db"
)

// The first part of what is hashed names the format, so that it can change later.
const (
	formOfEvent   = "homeroom audit event 1"
	formOfDetails = "homeroom audit details 1"
)

// link computes the hash of an entry from everything in it, including the hash of the
// entry before.
func link(e *db.AuditEvent) string {
	h := sha256.New()
	for _, part := range []string{
		formOfEvent, e.PrevHash, strconv.Itoa(e.DistrictID), strconv.Itoa(e.Seq),
		strconv.FormatInt(e.CreatedAt.UnixMicro(), 10), e.Action, e.Code, e.ActorKind, strconv.Itoa(e.ActorID), e.ActorLabel,
		e.Roles, e.Address, e.RequestID, e.Operation, strconv.Itoa(e.OrganizationID), e.TargetType, strconv.Itoa(e.TargetID),
		strconv.Itoa(e.JobID), e.Facts, e.DetailsDigest,
	} {
		write(h, part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// write adds a part, preceded by its length, so that no two lists of parts give the same
// bytes.
func write(h hash.Hash, part string) {
	h.Write(strconv.AppendInt(nil, int64(len(part)), 10))
	h.Write([]byte{':'})
	h.Write([]byte(part))
}

// digestOf is the digest of a body with its salt. Without the salt nobody can find out by
// guessing what an erased body said.
func digestOf(salt, body string) string {
	mac := hmac.New(sha256.New, []byte(salt))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

// digestAll is the digest of an entry's details, which must come in order.
func digestAll(details []*db.AuditDetail) string {
	if len(details) == 0 {
		return ""
	}
	h := sha256.New()
	write(h, formOfDetails)
	for _, d := range details {
		write(h, strconv.Itoa(d.Position))
		write(h, d.SubjectType)
		write(h, strconv.Itoa(d.SubjectID))
		write(h, d.Digest)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// seal turns the changes of a subject into a detail.
func seal(d Detail, position int) (*db.AuditDetail, error) {
	changes := d.Changes
	if changes == nil {
		changes = Changes{}
	}
	content, err := json.Marshal(changes)
	if err != nil {
		return nil, err
	}
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails
	salt, body := hex.EncodeToString(random), string(content)
	return &db.AuditDetail{
		Position: position, SubjectType: string(d.Subject.Type), SubjectID: d.Subject.ID,
		Salt: &salt, Body: &body, Digest: digestOf(salt, body),
	}, nil
}

// maxFacts is the longest text of facts, in bytes.
const maxFacts = 1000

// text writes facts sorted by name, so that equal facts give equal texts.
func (f Facts) text() (string, error) {
	if len(f) == 0 {
		return "", nil
	}
	content, err := json.Marshal(f)
	if err == nil && len(content) > maxFacts {
		err = fmt.Errorf("the facts take %d bytes; at most %d are allowed", len(content), maxFacts)
	}
	return string(content), err
}
