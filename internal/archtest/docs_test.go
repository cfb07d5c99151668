package archtest_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestTheManualNamesTestsThatExist fails if docs/security.md names a test that does not
// exist.
func TestTheManualNamesTestsThatExist(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	promised := regexp.MustCompile("`(Test[A-Za-z]+)`").FindAllStringSubmatch(string(text), -1)
	if len(promised) < 20 {
		t.Fatalf("%d tests are named", len(promised))
	}
	command := exec.Command("grep", "-rhoE", "--include=*_test.go", `^func Test[A-Za-z0-9_]+`, "../..")
	found, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range promised {
		if !strings.Contains(string(found), "func "+p[1]+"\n") {
			t.Errorf("there is no %s", p[1])
		}
	}
}
