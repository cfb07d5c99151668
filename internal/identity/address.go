package identity

import (
	"net/mail"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxEmail is the longest address that the database holds, in characters.
const maxEmail = 190

// IsAddress reports whether a text is an address as such, by whichever way it comes.
// Mails would also go to <nora@example.com>, to nora@ｅxample.com and to nora@example.com
// with something in it that nobody sees, the domains of which are other texts than that
// of a provider that is required; and what is no domain in the whole world is one in the
// network of the mail server.
func IsAddress(email string) bool {
	address, err := mail.ParseAddress(email)
	if err != nil || address.Address != email {
		return false
	}
	local, domain, _ := strings.Cut(email, "@")
	// A mail program that is run as a command takes -x for an option.
	return isVisible(local) && local[0] != '-' && isDomain(domain)
}

func isVisible(text string) bool {
	return visible(text) == text && !strings.ContainsFunc(text, unicode.IsSpace)
}

// isDomain reports whether a text is the name of a domain below another one, in the form
// in which it is looked up.
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
