package seal

import (
	"crypto/cipher"
	"errors"
)

// NewReader is New for what may have been sealed with one of some older secret keys
// as well: it seals with the first key and opens with whichever fits.
func NewReader(secret []byte, older [][]byte, purpose string) (cipher.AEAD, error) {
	current, err := New(secret, purpose)
	if err != nil || len(older) == 0 {
		return current, err
	}
	k := keys{AEAD: current}
	for _, key := range older {
		aead, err := New(key, purpose)
		if err != nil {
			return nil, err
		}
		k.older = append(k.older, aead)
	}
	return k, nil
}

// keys seals with one key and opens with several.
type keys struct {
	cipher.AEAD
	older []cipher.AEAD
}

var errOpen = errors.New("seal: no key opens it")

// Open implements cipher.AEAD.
func (k keys) Open(dst, nonce, sealed, data []byte) ([]byte, error) {
	clear, err := k.AEAD.Open(dst, nonce, sealed, data)
	for i := 0; err != nil && i < len(k.older); i++ {
		clear, err = k.older[i].Open(dst, nonce, sealed, data)
	}
	if err != nil {
		return nil, errOpen
	}
	return clear, nil
}
