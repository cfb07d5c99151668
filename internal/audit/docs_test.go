package audit_test

import (
	"os"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/audit"
)

func TestTheDocumentationNamesEveryAction(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/audit.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range audit.Actions() {
		if line := "| `" + string(a) + "` | " + a.Meaning() + " |"; !strings.Contains(string(text), line) {
			t.Errorf("docs/audit.md lacks %s", line)
		}
	}
}
