package identity

import (
	"net/mail"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/openhomeroom/homeroom/internal/fold"
)

// maxEmail is the longest address that the database holds, in characters.
const maxEmail = 190

// IsAddress reports whether a text is a bare, ordinary address, however it came in. A mail
// server would also accept <nora@example.com>, nora@ｅxample.com, or an address with an
// invisible character in it; but the text of their domain differs from that of a required
// provider. A name that is no public domain could be a machine in the network of the mail
// server.
func IsAddress(email string) bool {
	address, err := mail.ParseAddress(email)
	if err != nil || address.Address != email {
		return false
	}
	local, domain, _ := strings.Cut(email, "@")
	// A mail program that is run as a command would read -x as an option.
	return isVisible(local) && local[0] != '-' && isDomain(domain)
}

func isVisible(text string) bool {
	return fold.Visible(text) == text && !strings.ContainsFunc(text, unicode.IsSpace)
}

// isDomain reports whether a text names a domain below another one, in the form in which
// DNS looks it up.
func isDomain(text string) bool {
	labels := strings.Split(text, ".")
	if len(labels) < 2 || !isVisible(text) || norm.NFKC.String(text) != norm.NFC.String(text) {
		return false
	}
	for _, label := range labels {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' || strings.ContainsFunc(label, isNoPartOfALabel) {
			return false
		}
	}
	return strings.ContainsFunc(labels[len(labels)-1], unicode.IsLetter)
}

func isNoPartOfALabel(r rune) bool {
	return r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.M, r)
}
