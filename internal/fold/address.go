package fold

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Address folds an address for signing in into its key: Key, with the domain in the form
// in which people write it, so that nora@müller.example and nora@xn--mller-kva.example are
// equal. Keys are folded further than mailboxes: an address with the same key may still be
// somebody else's mailbox; see SameAddress.
func Address(s string) string {
	key := Key(s)
	name, domain, found := cutAddress(key)
	if !found {
		return strings.TrimSuffix(key, ".")
	}
	if isASCII(domain) && !strings.Contains(domain, "xn--") {
		return name + "@" + strings.TrimSuffix(domain, ".")
	}
	written, err := domains.ToUnicode(Domain(domain))
	if err != nil {
		return name + "@" + domain
	}
	return name + "@" + Key(written)
}

// Addresses returns the keys under which the account of an address may be stored: earlier
// versions stored a domain as it was written.
func Addresses(s string) []string {
	keys := []string{Address(s)}
	for _, key := range []string{Key(s), asLookedUp(s)} {
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

func asLookedUp(s string) string {
	name, domain, found := cutAddress(s)
	if !found {
		return Key(s)
	}
	return Key(name) + "@" + Domain(domain)
}

func cutAddress(s string) (name, domain string, found bool) {
	at := strings.LastIndex(s, "@")
	if at < 0 {
		return s, "", false
	}
	// Nobody's address has spaces there, and an address with them is looked up without.
	return strings.TrimSpace(s[:at]), strings.TrimSpace(s[at+1:]), true
}

// SameAddress reports whether two addresses are the same mailbox: the domains are the same
// when they are looked up, and the names differ only in the case of letters. Keys are
// folded further: there ſ is s, the Kelvin sign is k, and ß is ss, and each of these may
// be somebody else's mailbox.
func SameAddress(a, b string) bool {
	const kelvin = "\u212a" // which NFC makes a K
	a, aDomain, _ := cutAddress(strings.TrimSpace(a))
	b, bDomain, _ := cutAddress(strings.TrimSpace(b))
	return Domain(aDomain) == Domain(bDomain) && !strings.Contains(a+b, kelvin) &&
		slices.EqualFunc([]rune(norm.NFC.String(a)), []rune(norm.NFC.String(b)), func(x, y rune) bool {
			return unicode.ToLower(x) == unicode.ToLower(y) && (x < utf8.RuneSelf) == (y < utf8.RuneSelf)
		})
}

// Difference returns where two texts differ: what stands in each of them between what both
// begin and end with.
func Difference(a, b string) (inA, inB string) {
	x, y := []rune(a), []rune(b)
	for len(x) > 0 && len(y) > 0 && x[0] == y[0] {
		x, y = x[1:], y[1:]
	}
	for len(x) > 0 && len(y) > 0 && x[len(x)-1] == y[len(y)-1] {
		x, y = x[:len(x)-1], y[:len(y)-1]
	}
	return string(x), string(y)
}
