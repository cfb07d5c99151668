// Package mail sends plain text to one person at a time through an SMTP server.
package mail

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"net/url"
	"strings"
	"time"
)

// Server is a mail server and the sender of its mails.
type Server struct {
	// AllowPlain lets mails go unencrypted to a server that offers no STARTTLS.
	AllowPlain bool
	// Trust replaces the certificate authorities of the system; for tests.
	Trust *tls.Config

	host, port     string
	user, password string
	// encrypted connections use TLS from the first byte; others begin TLS before anything
	// private is sent.
	encrypted bool
	from      *mail.Address
	now       func() time.Time
}

var ports = map[string]string{"smtp": "587", "smtps": "465"}

// Parse reads smtp://user:password@host:port or smtps://…, and the sender's address, such
// as Homeroom <homeroom@example.org>. Its errors repeat neither, because the URL contains
// a password.
func Parse(rawURL, from string, now func() time.Time) (*Server, error) {
	u, err := url.Parse(strings.TrimSpace(rawURL))
	if err != nil || ports[u.Scheme] == "" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return nil, errors.New(
			"must be smtp://user:password@host:port, or smtps://… for a server that uses TLS from the start; " +
				"write special characters of a password as %40 and the like")
	}
	s := &Server{host: u.Hostname(), port: u.Port(), encrypted: u.Scheme == "smtps", now: now}
	if s.port == "" {
		s.port = ports[u.Scheme]
	}
	if u.User != nil {
		s.user = u.User.Username()
		s.password, _ = u.User.Password()
	}
	if s.from, err = ParseFrom(from); err != nil {
		return nil, err
	}
	return s, nil
}

// ParseFrom reads the sender's address.
func ParseFrom(from string) (*mail.Address, error) {
	address, err := mail.ParseAddress(from)
	if err != nil {
		return nil, errors.New("is not an address, such as homeroom@example.org or Homeroom <homeroom@example.org>")
	}
	return address, nil
}

// Send passes a mail to the server. The connection is encrypted and the server has
// proved its name, unless AllowPlain is set. A password is only ever sent over TLS, or
// to the same machine.
func (s *Server) Send(ctx context.Context, to, subject, text string) (err error) {
	recipient, err := mail.ParseAddress(to)
	if err != nil {
		return errors.New("mail: the recipient has no valid address")
	}
	client, err := s.dial(ctx)
	if err != nil {
		return fmt.Errorf("mail: connect to %s: %w", s.host, err)
	}
	defer client.Close()
	if err := s.begin(client); err != nil {
		return fmt.Errorf("mail: sign in to %s: %w", s.host, err)
	}
	if err := client.Mail(s.from.Address); err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	if err := client.Rcpt(recipient.Address); err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	w, err := client.Data()
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	if _, err := w.Write(s.compose(recipient, subject, text)); err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	// The server has accepted the mail; an error at the end changes nothing.
	_ = client.Quit()
	return nil
}

func (s *Server) dial(ctx context.Context) (*smtp.Client, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(s.host, s.port))
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	if s.encrypted {
		conn = tls.Client(conn, s.tls())
	}
	client, err := smtp.NewClient(conn, s.host)
	if err != nil {
		_ = conn.Close()
	}
	return client, err
}

func (s *Server) begin(client *smtp.Client) error {
	if !s.encrypted {
		// An attacker on the network can remove the offer from the server's answer.
		offered, _ := client.Extension("STARTTLS")
		switch {
		case offered:
			if err := client.StartTLS(s.tls()); err != nil {
				return err
			}
		case !s.AllowPlain:
			return errNoTLS
		}
	}
	if s.user == "" {
		return nil
	}
	return client.Auth(smtp.PlainAuth("", s.user, s.password, s.host))
}

var errNoTLS = errors.New(
	"the server offers no encryption (STARTTLS); write smtps:// if it uses TLS from the start, " +
		"or set --smtp-tls optional on a network where nobody can listen")

func (s *Server) tls() *tls.Config {
	c := &tls.Config{}
	if s.Trust != nil {
		c = s.Trust.Clone()
	}
	c.ServerName = s.host
	return c
}

// compose writes the message as RFC 5322 requires. The text is encoded, so that neither
// long lines nor letters outside of ASCII are damaged on the way.
func (s *Server) compose(to *mail.Address, subject, text string) []byte {
	var b bytes.Buffer
	_, domain, _ := strings.Cut(s.from.Address, "@")
	for _, header := range [][2]string{
		{"From", s.from.String()},
		{"To", to.String()},
		{"Subject", mime.QEncoding.Encode("utf-8", subject)},
		{"Date", s.now().Format(time.RFC1123Z)},
		{"Message-ID", "<" + rand.Text() + "@" + domain + ">"},
		{"Auto-Submitted", "auto-generated"},
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"},
		{"Content-Transfer-Encoding", "quoted-printable"},
	} {
		fmt.Fprintf(&b, "%s: %s\r\n", header[0], header[1])
	}
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(strings.ReplaceAll(text, "\n", "\r\n"))) // writing to memory does not fail
	_ = w.Close()
	return b.Bytes()
}
