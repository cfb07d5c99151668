package sheet

import (
	"strings"
	"unicode"

	"github.com/openhomeroom/homeroom/internal/fold"
)

// HeaderKey is the form in which headers are compared.
func HeaderKey(header string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			return r
		}
		return -1
	}, fold.Text(header))
}
