package config_test

import (
	"os"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/config"
)

// TestTheManualHoldsEverySetting compares docs/configuration.md with the settings.
// `UPDATE_DOCS=1 go test ./internal/config` writes it again.
func TestTheManualHoldsEverySetting(t *testing.T) {
	t.Parallel()
	const path, mark = "../../docs/configuration.md",
		"<!-- The tables below are written by the test of internal/config. -->\n\n"
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, _, found := strings.Cut(string(content), mark)
	if !found {
		t.Fatalf("%s has lost the line %q", path, strings.TrimSpace(mark))
	}
	want := before + mark + config.Markdown()
	if os.Getenv("UPDATE_DOCS") != "" {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(content) != want {
		t.Errorf("%s is not current; UPDATE_DOCS=1 go test ./internal/config writes it", path)
	}
}
