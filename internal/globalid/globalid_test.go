package globalid_test

import (
	"math"
	"testing"

	"github.com/openhomeroom/homeroom/internal/globalid"
)

func TestIDs(t *testing.T) {
	t.Parallel()
	for _, key := range []int{1, 35, 36, 1_000_000, math.MaxInt} {
		id := globalid.Encode(globalid.Student, key)
		if got, ok := globalid.Key(globalid.Student, id); !ok || got != key {
			t.Errorf("%s is %d, %v; want %d", id, got, ok, key)
		}
		if _, ok := globalid.Key(globalid.Group, id); ok {
			t.Errorf("%s was taken for a group", id)
		}
	}
}

func TestWhatIsNoID(t *testing.T) {
	t.Parallel()
	// Every row has one id, so other spellings of a key are invalid.
	for _, id := range []string{"", "_", "stu", "stu_", "stu_0", "stu_-1", "stu_01", "stu_+1", "stu_A", "STU_a", "stu_a ",
		"xyz_1", "stu_1_2", "stu_zzzzzzzzzzzzzzzz"} {
		if _, _, ok := globalid.Decode(id); ok {
			t.Errorf("%q was taken for an id", id)
		}
	}
}
