package globalid_test

import (
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/globalid"
)

// FuzzDecode holds that every row has one id, and every id means one row at most.
func FuzzDecode(f *testing.F) {
	for _, id := range []string{"", "stu_2n9c", "grp_1", "STU_1", "stu_01", "stu_-1", "stu_0", "stu_+1", "stu_1 ", "stu_",
		"_1", "nobody_1", "stu_1y2p0ij32e8e7", "stu_1y2p0ij32e8e8", "stu_zzzzzzzzzzzzzzzz", "stu_é", "key_a_b"} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		kind, key, ok := globalid.Decode(id)
		if !ok {
			if kind != "" || key != 0 {
				t.Fatalf("%q is no id, and means %s %d", id, kind, key)
			}
			return
		}
		if key <= 0 || globalid.Encode(kind, key) != id {
			t.Fatalf("%q means %s %d, whose id is %q", id, kind, key, globalid.Encode(kind, key))
		}
		if got, ok := globalid.Key(kind, id); !ok || got != key {
			t.Fatalf("%q: key %d, %t", id, got, ok)
		}
		for _, other := range []globalid.Type{globalid.Organization, globalid.Educator, globalid.Group, globalid.Student,
			globalid.BulkJob} {
			if _, ok := globalid.Key(other, id); ok != (other == kind) {
				t.Fatalf("%q is taken for the id of %s", id, other)
			}
		}
		if !strings.ContainsAny(id, "_") || len(id) > 20 {
			t.Fatalf("%q is not opaque", id)
		}
	})
}

// FuzzEncode checks that an encoded key is decoded as the same key.
func FuzzEncode(f *testing.F) {
	f.Add(1)
	f.Add(1 << 40)
	f.Fuzz(func(t *testing.T, key int) {
		kind, got, ok := globalid.Decode(globalid.Encode(globalid.Group, key))
		if ok != (key > 0) || ok && (kind != globalid.Group || got != key) {
			t.Fatalf("%d is read as %s %d, %t", key, kind, got, ok)
		}
	})
}
