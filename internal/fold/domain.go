package fold

import (
	"strings"

	"golang.org/x/net/idna"
)

// domains maps what is written as what is looked up: case, width and the dots of other
// scripts do not count. What is not allowed in names of hosts, such as _, stays.
var domains = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))

// Domain brings the name of a domain into the form in which domains are compared, which
// is the one that is looked up: müller.example, MÜLLER.EXAMPLE., ｍüller.example and
// xn--mller-kva.example are one. What is no domain stays, in small letters.
func Domain(s string) string {
	s = strings.TrimSpace(s)
	ascii, err := domains.ToASCII(s)
	if err != nil {
		ascii = Key(s)
	}
	return strings.TrimSuffix(ascii, ".")
}

// DomainOfKey is Domain for the domain in a key that Key has made of an address. Keys are
// folded further than domains, ß is ss there, so that domains which differ in that alone
// are one: the form is for what is asked of more people rather than of fewer.
func DomainOfKey(key string) string {
	domain := Domain(key[strings.LastIndex(key, "@")+1:])
	unicode, err := domains.ToUnicode(domain)
	if err != nil {
		return domain
	}
	return Domain(Key(unicode))
}
