// Package globalid writes database keys as the opaque, typed ids of the API (Relay's
// global object identification). An id such as stu_2n9c includes its type, so the id of a
// group is never taken for the id of a student. It also contains a letter, so a
// spreadsheet does not turn it into a number.
package globalid

import (
	"strconv"
	"strings"
)

// Type is the prefix of an id.
type Type string

// The types of nodes.
const (
	Organization Type = "org"
	Educator     Type = "edu"
	Group        Type = "grp"
	Student      Type = "stu"
	BulkJob      Type = "job"
	// UnassignedNotice is the notice of unassigned students at an organization, by the key of
	// the organization.
	UnassignedNotice Type = "una"
	// Session, ServiceKey and Passkey are not nodes: the API shows them only within the
	// account or the organization that they belong to.
	Session    Type = "ses"
	ServiceKey Type = "key"
	Passkey    Type = "pky"
	// AuditEvent is seen only in the list of entries.
	AuditEvent Type = "evt"
	// Erasure is seen only by itself.
	Erasure Type = "era"
)

// Encode returns the id of the row with a positive key.
func Encode(t Type, key int) string {
	return string(t) + "_" + strconv.FormatInt(int64(key), 36)
}

// Decode returns the type and key of an id. It accepts exactly what Encode writes: every
// row has only one id.
func Decode(id string) (Type, int, bool) {
	prefix, digits, found := strings.Cut(id, "_")
	key, err := strconv.ParseInt(digits, 36, 64)
	if !found || err != nil || key <= 0 || Encode(Type(prefix), int(key)) != id {
		return "", 0, false
	}
	switch t := Type(prefix); t {
	case Organization, Educator, Group, Student, BulkJob, UnassignedNotice, Session, ServiceKey, Passkey,
		AuditEvent, Erasure:
		return t, int(key), true
	default:
		return "", 0, false
	}
}

// Key returns the key of an id of the wanted type.
func Key(want Type, id string) (int, bool) {
	t, key, ok := Decode(id)
	return key, ok && t == want
}
