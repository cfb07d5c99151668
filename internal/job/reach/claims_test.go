package reach_test

import (
	"fmt"
	"testing"

	"github.com/openhomeroom/homeroom/internal/job/reach"
)

func TestClaims(t *testing.T) {
	t.Parallel()
	const keys = 300_000
	var c reach.Claims
	for i := 1; i <= keys; i++ {
		key := fmt.Sprint(i)
		if first := c.First("a", key); first != 0 {
			t.Fatalf("row %d has claimed the key %s before anybody did", first, key)
		}
		if i%3 == 0 {
			if first := c.Claim("b", key, i); first != i {
				t.Fatalf("row %d could not claim the key %s, which row %d has", i, key, first)
			}
		}
		if first := c.Claim("a", key, i); first != i {
			t.Fatalf("row %d could not claim the key %s, which row %d has", i, key, first)
		}
	}
	for i := 1; i <= keys; i++ {
		key := fmt.Sprint(i)
		if first := c.Claim("a", key, keys+i); first != i || c.First("a", key) != i {
			t.Fatalf("row %d was the first with the key %s, not row %d", i, key, first)
		}
		if first := c.First("b", key); (first != 0) != (i%3 == 0) || first != 0 && first != i {
			t.Fatalf("row %d was the first with the key %s of another kind", first, key)
		}
	}
	if each := float64(c.Bytes()) / (keys + keys/3); each > 26 {
		t.Errorf("a claim takes %.1f bytes", each)
	}
}
