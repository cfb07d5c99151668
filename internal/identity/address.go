package identity

import (
	"context"
	"net/mail"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/quote"
	"github.com/openhomeroom/homeroom/internal/viewer"
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

// withAddress returns the account whose mailbox an address is, and otherwise one whose
// address is only similar: it has the same key, and may be somebody else's mailbox. What
// is meant for the one must never reach the other.
func withAddress(ctx context.Context, client *db.Client, email string) (e, similar *db.Educator, err error) {
	all, err := client.Educator.Query().Where(educator.EmailKeyIn(fold.Addresses(email)...)).Order(educator.ByID()).
		All(viewer.AsSystem(ctx, "account of an address"))
	for _, found := range all {
		switch {
		case !fold.SameAddress(found.Email, email):
			similar = found
		case e == nil || *found.EmailKey == fold.Key(email):
			// From before domains were one in every form there may be two.
			e = found
		}
	}
	return e, similar, err
}

// named is withAddress for the operator, who names an account.
func named(ctx context.Context, client *db.Client, email string) (*db.Educator, error) {
	e, similar, err := withAddress(ctx, client, email)
	switch {
	case err != nil || e != nil:
		return e, err
	case similar != nil:
		return nil, fault.NotFoundf("no account has this address; %s", Unlike(similar.Email, email))
	default:
		return nil, fault.NotFoundf("no account has this address")
	}
}

// Unlike says how an address on record differs from a similar one that somebody has
// written.
func Unlike(onRecord, written string) string {
	there, here := fold.Difference(onRecord, written)
	return "the address " + quote.Text(onRecord) + " is similar, but has " + quote.Text(there) + " for " + quote.Text(here)
}

// locked returns an account that nobody else changes until the transaction ends.
func (s *Service) locked(ctx context.Context, client *db.Client, which ...predicate.Educator) (*db.Educator, error) {
	query := client.Educator.Query().Where(which...)
	if s.db.RowLocks() {
		query.ForUpdate()
	}
	return query.Only(viewer.AsSystem(ctx, "account that nobody else changes"))
}
