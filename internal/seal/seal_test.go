package seal_test

import (
	"bytes"
	"crypto/cipher"
	"testing"

	"github.com/openhomeroom/homeroom/internal/seal"
)

func TestNew(t *testing.T) {
	t.Parallel()
	secret := bytes.Repeat([]byte{7}, 32)
	text, place := []byte("Zoë is in no group"), []byte("row 1")
	sealed := cipherFor(t, secret, "rows").Seal(nil, nil, text, place)

	t.Run("what was sealed for a purpose opens for it, also in another process", func(t *testing.T) {
		t.Parallel()
		got, err := cipherFor(t, secret, "rows").Open(nil, nil, sealed, place)
		if err != nil || !bytes.Equal(got, text) {
			t.Errorf("got %q, %v", got, err)
		}
	})
	t.Run("the same text is never sealed alike twice", func(t *testing.T) {
		t.Parallel()
		if bytes.Equal(sealed, cipherFor(t, secret, "rows").Seal(nil, nil, text, place)) {
			t.Error("two seals are equal")
		}
	})
	t.Run("another purpose, key or place opens nothing", func(t *testing.T) {
		t.Parallel()
		for name, open := range map[string]func() ([]byte, error){
			"purpose": func() ([]byte, error) { return cipherFor(t, secret, "passwords").Open(nil, nil, sealed, place) },
			"key": func() ([]byte, error) {
				return cipherFor(t, bytes.Repeat([]byte{8}, 32), "rows").Open(nil, nil, sealed, place)
			},
			"place": func() ([]byte, error) { return cipherFor(t, secret, "rows").Open(nil, nil, sealed, []byte("row 2")) },
		} {
			if got, err := open(); err == nil {
				t.Errorf("another %s: %q", name, got)
			}
		}
	})
}

func cipherFor(t *testing.T, secret []byte, purpose string) cipher.AEAD {
	t.Helper()
	c, err := seal.New(secret, purpose)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
