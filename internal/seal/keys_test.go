package seal_test

import (
	"bytes"
	"testing"

	"github.com/openhomeroom/homeroom/internal/seal"
)

func TestOldKeysOpenAndTheNewOneSeals(t *testing.T) {
	t.Parallel()
	first, second, third := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32), bytes.Repeat([]byte{3}, 32)
	alone, err := seal.New(first, "purpose")
	if err != nil {
		t.Fatal(err)
	}
	sealed := alone.Seal(nil, nil, []byte("text"), []byte("place"))
	both, err := seal.NewReader(third, [][]byte{second, first}, "purpose")
	if err != nil {
		t.Fatal(err)
	}
	if opened, err := both.Open(nil, nil, sealed, []byte("place")); err != nil || string(opened) != "text" {
		t.Errorf("%q, %v", opened, err)
	}
	if _, err := both.Open(nil, nil, sealed, []byte("elsewhere")); err == nil {
		t.Error("what was sealed for another place is opened")
	}
	if _, err := alone.Open(nil, nil, both.Seal(nil, nil, []byte("text"), nil), nil); err == nil {
		t.Error("an old key has sealed")
	}
	other, err := seal.NewReader(third, [][]byte{second}, "purpose")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Open(nil, nil, sealed, []byte("place")); err == nil {
		t.Error("a key that is gone has opened")
	}
	for n, key := range [][]byte{third, second, first} {
		aead, err := seal.New(key, "purpose")
		if err != nil {
			t.Fatal(err)
		}
		if got := both.KeyOf(aead.Seal(nil, nil, []byte("text"), []byte("place")), []byte("place")); got != n {
			t.Errorf("key %d is told as %d", n, got)
		}
	}
	if other.KeyOf(sealed, []byte("place")) != -1 || both.KeyOf(sealed, []byte("elsewhere")) != -1 || both.Older() != 2 {
		t.Error("what no key opens is told as something that one does")
	}
}
