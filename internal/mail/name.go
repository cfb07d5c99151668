package mail

import (
	"strings"
	"unicode"
)

const (
	// maxNameInMail is how much of a name a mail shows, in characters.
	maxNameInMail = 80
	// maxDigitsInMail is how many digits a name may have in a mail: enough for the name of
	// a school, too few for a phone number.
	maxDigitsInMail = 4
)

// Name returns a name as a mail may show it. The mail comes from the server and contains
// a link that opens an account. So a name that somebody has chosen must not add a link, an
// address or an instruction. Mail programs turn evil.example and www.evil into links, and
// long numbers into phone numbers. What remains is letters, a few digits and the
// punctuation of names; a period remains at the end of a word.
func Name(name string) string {
	runes := []rune(name)
	digits := 0
	for _, r := range runes {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	var b strings.Builder
	for i, r := range runes {
		switch last := i == len(runes)-1; {
		case unicode.IsLetter(r), unicode.Is(unicode.M, r), unicode.IsDigit(r) && digits <= maxDigitsInMail,
			strings.ContainsRune("'’-&", r):
			b.WriteRune(r)
		case r == '.' && (last || runes[i+1] == ' '):
			b.WriteRune(r)
		default:
			b.WriteRune(' ')
		}
	}
	kept := []rune(strings.Join(strings.Fields(b.String()), " "))
	if len(kept) > maxNameInMail {
		kept = append(kept[:maxNameInMail-1], '…')
	}
	return string(kept)
}
