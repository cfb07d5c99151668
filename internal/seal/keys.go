package seal

import (
	"crypto/cipher"
	"errors"
)

// Reader encrypts with one key and decrypts with several.
type Reader struct {
	cipher.AEAD
	older []cipher.AEAD
}

// NewReader is New for data that may have been encrypted with an older secret key: it
// encrypts with the first key and decrypts with the one that fits.
func NewReader(secret []byte, older [][]byte, purpose string) (*Reader, error) {
	current, err := New(secret, purpose)
	if err != nil {
		return nil, err
	}
	r := &Reader{AEAD: current}
	for _, key := range older {
		aead, err := New(key, purpose)
		if err != nil {
			return nil, err
		}
		r.older = append(r.older, aead)
	}
	return r, nil
}

var errOpen = errors.New("seal: no key opens it")

// Open implements cipher.AEAD.
func (r *Reader) Open(dst, nonce, sealed, data []byte) ([]byte, error) {
	text, _, err := r.open(dst, nonce, sealed, data)
	return text, err
}

// Older returns the number of older keys.
func (r *Reader) Older() int { return len(r.older) }

// KeyOf returns which key decrypts some data: 0 for the one that encrypts, n for the nth
// of the older ones, and -1 if none does.
func (r *Reader) KeyOf(sealed, data []byte) int {
	_, n, err := r.open(nil, nil, sealed, data)
	if err != nil {
		return -1
	}
	return n
}

func (r *Reader) open(dst, nonce, sealed, data []byte) ([]byte, int, error) {
	text, err := r.AEAD.Open(dst, nonce, sealed, data)
	if err == nil {
		return text, 0, nil
	}
	for i, aead := range r.older {
		if text, err = aead.Open(dst, nonce, sealed, data); err == nil {
			return text, i + 1, nil
		}
	}
	return nil, 0, errOpen
}
