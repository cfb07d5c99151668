package config

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Secret is the key that signs links and encrypts stored files. All servers of an
// installation need the same key.
type Secret struct {
	// Key is the decoded key; empty if the key is in the data folder.
	Key Hidden
	// Old are decoded keys that were used before. What they have encrypted can be read.
	Old []Hidden
	// DataDir is the folder for what the server keeps outside the database.
	DataDir string
}

// keyBytes is the size of a key that the server creates, and the least size of a given
// one.
const keyBytes = 32

// maxOldKeys is how many old keys are tried.
const maxOldKeys = 5

// KeyFile is the name of the key's file in the data folder.
const KeyFile = "secret.key"

// Validate reports what is wrong, without looking at the data folder.
func (s Secret) Validate() error {
	if s.Key != "" && len(s.Key) < keyBytes {
		return problem("secret-key", "holds %d bytes; at least %d are needed: openssl rand -hex %d makes a good one",
			len(s.Key), keyBytes, keyBytes)
	}
	if len(s.Old) > maxOldKeys {
		return problem("old-secret-keys",
			"holds %d keys; at most %d can be given; homeroom doctor says which are still needed", len(s.Old), maxOldKeys)
	}
	if s.Key == "" && s.DataDir == "" {
		return problem("data", "is empty, and --secret-key is too; name a folder, or give the key")
	}
	return nil
}

// Load returns the given key, otherwise the one in the data folder, which it creates if
// there is none.
func (s Secret) Load() ([]byte, error) {
	if s.Key != "" {
		return []byte(s.Key.Reveal()), nil
	}
	return LoadOrCreateKey(s.DataDir)
}

// OldKeys returns the keys that were used before.
func (s Secret) OldKeys() [][]byte {
	keys := make([][]byte, len(s.Old))
	for i, k := range s.Old {
		keys[i] = []byte(k.Reveal())
	}
	return keys
}

// Find returns the key of Load without creating one; nil if there is none yet.
func (s Secret) Find() ([]byte, error) {
	if s.Key != "" {
		return []byte(s.Key.Reveal()), nil
	}
	key, err := readKey(filepath.Join(s.DataDir, KeyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return key, err
}

// parseOldKeys reads keys separated by commas, or a file with one key in each line. An old
// key file is such a file.
func parseOldKeys(s string) ([]Hidden, error) {
	if info, err := os.Stat(strings.TrimSpace(s)); err == nil && info.Mode().IsRegular() {
		if info.Mode().Perm()&0o077 != 0 {
			return nil, errors.New("others may read the file: run chmod 600 on it")
		}
		content, err := os.ReadFile(strings.TrimSpace(s))
		if err != nil {
			return nil, errors.New("the file cannot be read")
		}
		s = string(content)
	}
	var keys []Hidden
	for _, entry := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' }) {
		if strings.TrimSpace(entry) == "" {
			continue
		}
		key, err := parseKey(entry)
		if err != nil {
			return nil, err
		}
		if len(key) < keyBytes {
			return nil, fmt.Errorf("holds a key of %d bytes; at least %d are needed", len(key), keyBytes)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func parseKey(s string) (Hidden, error) {
	s = strings.TrimSpace(s)
	if key, err := hex.DecodeString(s); err == nil {
		return Hidden(key), nil
	}
	raw := strings.TrimRight(s, "=")
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if key, err := encoding.DecodeString(raw); err == nil {
			return Hidden(key), nil
		}
	}
	return "", fmt.Errorf("is neither hex nor base64; openssl rand -hex %d makes a good one", keyBytes)
}

// LoadOrCreateKey returns the key in a folder. If there is none, it creates one that
// nobody else can read. Servers that start at the same time get the same key: the file
// appears complete and at once, and only the first one stays.
func LoadOrCreateKey(dir string) ([]byte, error) {
	path := filepath.Join(dir, KeyFile)
	key, err := readKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create the data folder: %w", err)
	}
	if err := createKey(dir, path); err != nil {
		return nil, fmt.Errorf("create the key file %s, or set HOMEROOM_SECRET_KEY instead: %w", path, err)
	}
	return readKey(path)
}

func readKey(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("others may read the key file %s: run chmod 600 on it, or replace it if somebody may have "+
			"read it", path)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(content)))
	if err != nil || len(key) < keyBytes {
		return nil, fmt.Errorf(
			"the key file %s is damaged: restore it from a backup; a new key makes links and stored uploads unusable", path)
	}
	return key, nil
}

// createKey writes the file under a temporary name and then links it to path. That fails
// if path exists; a rename would replace the key of another server.
func createKey(dir, path string) error {
	temp, err := os.CreateTemp(dir, KeyFile+".*") // with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	key := make([]byte, keyBytes)
	_, _ = rand.Read(key) // never fails
	_, err = temp.WriteString(hex.EncodeToString(key) + "\n")
	err = errors.Join(err, temp.Sync(), temp.Close())
	if err != nil {
		return err
	}
	if err := os.Link(temp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
