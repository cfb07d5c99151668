package config_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/openhomeroom/homeroom/internal/config"
)

func TestLoadOrCreateKey(t *testing.T) {
	t.Parallel()

	t.Run("servers that start at the same time end with the same key", func(t *testing.T) {
		t.Parallel()
		for range 20 {
			dir := filepath.Join(t.TempDir(), "new", "folder")
			keys := make([][]byte, 16)
			var all sync.WaitGroup
			for i := range keys {
				all.Go(func() {
					key, err := config.LoadOrCreateKey(dir)
					if err != nil {
						t.Error(err)
					}
					keys[i] = key
				})
			}
			all.Wait()
			for _, key := range keys {
				if len(key) != 32 || !bytes.Equal(key, keys[0]) {
					t.Fatalf("the keys differ: %x", keys)
				}
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
				t.Fatalf("files are left over: %v, %v", entries, err)
			}
		}
	})

	t.Run("the file is readable by its owner alone and two folders have two keys", func(t *testing.T) {
		t.Parallel()
		one, two := t.TempDir(), t.TempDir()
		first, err := config.LoadOrCreateKey(one)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(filepath.Join(one, config.KeyFile))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("%v, %v", info.Mode(), err)
		}
		if second, err := config.LoadOrCreateKey(two); err != nil || bytes.Equal(first, second) {
			t.Fatalf("the same key twice, or %v", err)
		}
	})

	t.Run("a file that others may read or that is damaged is refused, not replaced", func(t *testing.T) {
		t.Parallel()
		for content, mode := range map[string]os.FileMode{
			strings.Repeat("ab", 32): 0o644, "": 0o600, "abcd": 0o600, strings.Repeat("xy", 32): 0o600,
		} {
			dir := t.TempDir()
			path := filepath.Join(dir, config.KeyFile)
			if err := os.WriteFile(path, []byte(content), mode); err != nil {
				t.Fatal(err)
			}
			if _, err := config.LoadOrCreateKey(dir); err == nil || strings.Contains(err.Error(), "abcd") {
				t.Errorf("%q: %v", content, err)
			}
			if kept, err := os.ReadFile(path); err != nil || string(kept) != content {
				t.Errorf("the file has changed to %q, %v", kept, err)
			}
		}
	})
}
