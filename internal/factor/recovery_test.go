package factor_test

import (
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/factor"
)

// TestRecoveryCodesAreOfOneAccount, however they are typed.
func TestRecoveryCodesAreOfOneAccount(t *testing.T) {
	t.Parallel()
	codes := factor.NewRecoveryCodes()
	seen := map[string]bool{}
	for _, code := range codes {
		if seen[code] || !factor.IsRecoveryCode(code) {
			t.Errorf("%q is there twice, or is no code", code)
		}
		seen[code] = true
		for _, typed := range []string{strings.ToUpper(code), strings.ReplaceAll(code, "-", ""), " " +
			strings.ReplaceAll(code, "-", " ") + "\t"} {
			if factor.HashRecoveryCode(1, typed) != factor.HashRecoveryCode(1, code) || !factor.IsRecoveryCode(typed) {
				t.Errorf("%q is another code than %q", typed, code)
			}
		}
		if factor.HashRecoveryCode(1, code) == factor.HashRecoveryCode(2, code) {
			t.Error("two accounts have the same hash of a code")
		}
		for _, other := range []string{code[1:], code + "a", "", "123456"} {
			if factor.IsRecoveryCode(other) {
				t.Errorf("%q is a recovery code", other)
			}
		}
	}
	if len(codes) != factor.RecoveryCodes {
		t.Errorf("%d codes, want %d", len(codes), factor.RecoveryCodes)
	}
}
