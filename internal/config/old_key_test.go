package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/config"
)

func TestOldSecretKeys(t *testing.T) {
	t.Parallel()
	one, two := strings.Repeat("0a", 32), strings.Repeat("0b", 32)
	file := filepath.Join(t.TempDir(), "old.key")
	if err := os.WriteFile(file, []byte(one+"\n"+two+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"are read from a list": one + " , " + two, "are read from a file": file} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := load(t, nil, map[string]string{"HOMEROOM_OLD_SECRET_KEYS": value}, config.SecretSection)
			if err != nil {
				t.Fatal(err)
			}
			keys := c.Secret.OldKeys()
			if len(keys) != 2 || string(keys[0]) != strings.Repeat("\x0a", 32) || string(keys[1]) != strings.Repeat("\x0b", 32) {
				t.Errorf("%d keys", len(keys))
			}
		})
	}
	t.Run("none are none", func(t *testing.T) {
		t.Parallel()
		if c, err := load(t, nil, nil, config.SecretSection); err != nil || len(c.Secret.OldKeys()) != 0 {
			t.Errorf("%v", err)
		}
	})
	for name, value := range map[string]string{
		"that are too short": strings.Repeat("ab", 31), "that are no keys": "hunter2!", "of which there are too many": strings.Repeat(one+",", 6),
	} {
		t.Run(name+" are refused without being repeated", func(t *testing.T) {
			t.Parallel()
			_, err := load(t, nil, map[string]string{"HOMEROOM_OLD_SECRET_KEYS": value}, config.SecretSection)
			if err == nil || !strings.Contains(err.Error(), "--old-secret-keys") || strings.Contains(err.Error(), value[:8]) {
				t.Errorf("%v", err)
			}
		})
	}
	t.Run("in a file that others can read are refused", func(t *testing.T) {
		t.Parallel()
		open := filepath.Join(t.TempDir(), "open.key")
		if err := os.WriteFile(open, []byte(one), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(open, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := load(t, nil, map[string]string{"HOMEROOM_OLD_SECRET_KEYS": open}, config.SecretSection); err == nil ||
			!strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("%v", err)
		}
	})
}
