// Package seal makes the ciphers for data that leaves the server and comes back, and for
// data in the database that must not be readable there.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
)

// New returns AES-256-GCM with a key that is derived from the server's secret key for
// one purpose; data that is encrypted for one purpose cannot be opened for another.
// Nonces are random and precede the encrypted data, so pass nil to Seal and Open.
func New(secret []byte, purpose string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, purpose, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
