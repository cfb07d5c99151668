package config

import (
	"errors"
	"time"

	"github.com/openhomeroom/homeroom/internal/mail"
)

// Mail says how links are sent to people.
type Mail struct {
	// SMTP is the URL of the mail server, which includes a password; empty for none.
	SMTP Hidden
	// From is the sender of the mails.
	From string
	// TLS is TLSRequired or TLSOptional.
	TLS string
	// Print writes mails to standard output instead of sending them. It is for the demo.
	Print bool
}

// These say whether mails leave the server only with encryption.
const (
	TLSRequired = "required"
	TLSOptional = "optional"
)

// Validate reports what is wrong, without connecting. Links in mails need the address of
// the server; without it, a forged request could make a mail lead to another site.
func (m Mail) Validate(publicURL string) error {
	if m.SMTP == "" {
		return nil
	}
	var server, from, public error
	if _, err := mail.ParseFrom(m.From); err != nil {
		from = problem("mail-from", "%v", err)
	}
	if _, err := m.Server(time.Now); err != nil && from == nil {
		server = problem("smtp-url", "%v", err)
	}
	if publicURL == "" {
		public = problem("public-url", "is required with --smtp-url, because links in mails begin with it")
	}
	return errors.Join(server, from, public)
}

// Server returns the mail server.
func (m Mail) Server(now func() time.Time) (*mail.Server, error) {
	server, err := mail.Parse(m.SMTP.Reveal(), m.From, now)
	if err != nil {
		return nil, err
	}
	server.AllowPlain = m.TLS == TLSOptional
	return server, nil
}
