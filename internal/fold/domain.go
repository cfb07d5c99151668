package fold

import (
	"strings"

	"golang.org/x/net/idna"
)

// domains maps a domain, as somebody writes it, to the domain that is looked up: case,
// width and the dots of other scripts do not count. Characters that host names may not
// contain, such as _, are kept.
var domains = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))

// Domain returns the form in which domains are compared, which is the form that is looked
// up: müller.example, MÜLLER.EXAMPLE., ｍüller.example and xn--mller-kva.example are equal.
// Text that is no domain is returned in lower case.
func Domain(s string) string {
	s = strings.TrimSpace(s)
	ascii, err := domains.ToASCII(s)
	if err != nil {
		ascii = Key(s)
	}
	return strings.TrimSuffix(ascii, ".")
}

// DomainOfKey is Domain for the domain in a key that Key has made from an email address.
// Keys are folded further than domains: ß becomes ss, so domains that differ only in that
// become equal. Use this form only for rules that may be applied to more people than
// intended, but not to fewer.
func DomainOfKey(key string) string {
	domain := Domain(key[strings.LastIndex(key, "@")+1:])
	unicode, err := domains.ToUnicode(domain)
	if err != nil {
		return domain
	}
	return Domain(Key(unicode))
}
