package mail_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	mailer "github.com/openhomeroom/homeroom/internal/mail"
)

// backend is a real mail server that keeps what it gets.
type backend struct {
	got   chan letter
	trust *x509.CertPool
	// plain starts TLS on request, encrypted uses it from the beginning, and bare does not
	// offer it.
	plain, encrypted, bare string
}

type letter struct {
	from, to, user string
	content        string
}

func newBackend(t *testing.T) *backend {
	t.Helper()
	// httptest makes a certificate for 127.0.0.1 and example.com.
	web := httptest.NewTLSServer(nil)
	web.Close()
	b := &backend{got: make(chan letter, 10), trust: x509.NewCertPool()}
	b.trust.AddCert(web.Certificate())
	certificate := &tls.Config{Certificates: web.TLS.Certificates}
	b.plain = b.serve(t, certificate, false)
	b.encrypted = b.serve(t, certificate, true)
	b.bare = b.serve(t, nil, false)
	return b
}

func (b *backend) serve(t *testing.T, certificate *tls.Config, encrypted bool) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if encrypted {
		listener = tls.NewListener(listener, certificate)
	}
	server := smtp.NewServer(b)
	server.TLSConfig, server.Domain = certificate, "mail.example.org"
	server.AllowInsecureAuth = certificate == nil // offers what the client must not take
	server.ErrorLog = discard{}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return address
}

type discard struct{}

func (discard) Printf(string, ...any) {}
func (discard) Println(...any)        {}

func (b *backend) NewSession(*smtp.Conn) (smtp.Session, error) { return &conversation{backend: b}, nil }

// conversation is one connection.
type conversation struct {
	*backend
	letter
}

func (c *conversation) AuthMechanisms() []string { return []string{sasl.Plain} }

func (c *conversation) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "homeroom" || password != "p@ss:word" {
			return errors.New("wrong password")
		}
		c.user = user
		return nil
	}), nil
}

func (c *conversation) Mail(from string, _ *smtp.MailOptions) error {
	if c.user == "" {
		return smtp.ErrAuthRequired
	}
	c.from = from
	return nil
}

func (c *conversation) Rcpt(to string, _ *smtp.RcptOptions) error { c.to = to; return nil }

func (c *conversation) Data(r io.Reader) error {
	content, err := io.ReadAll(r)
	c.content = string(content)
	c.got <- c.letter
	return err
}

func (c *conversation) Reset()        {}
func (c *conversation) Logout() error { return nil }

func clock() time.Time { return time.Date(2026, time.November, 18, 15, 0, 0, 0, time.UTC) }

func (b *backend) client(t *testing.T, url string) *mailer.Server {
	t.Helper()
	s, err := mailer.Parse(url, "Homeroom <homeroom@example.org>", clock)
	if err != nil {
		t.Fatal(err)
	}
	s.Trust = &tls.Config{RootCAs: b.trust}
	return s
}

func TestSend(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)

	for name, url := range map[string]string{
		"over a connection that becomes encrypted": "smtp://homeroom:p%40ss%3Aword@" + b.plain,
		"over one that is encrypted at once":       "smtps://homeroom:p%40ss%3Aword@" + b.encrypted,
	} {
		t.Run(name, func(t *testing.T) {
			text := "Hello Zoë,\n\n" + strings.Repeat("a long line ", 100) + "\n.\nend\n"
			if err := b.client(t, url).Send(ctx, "zoe@example.com", "Neues Paßwort\r\nBcc: x@example.com", text); err != nil {
				t.Fatal(err)
			}
			got := <-b.got
			if got.from != "homeroom@example.org" || got.to != "zoe@example.com" || got.user != "homeroom" {
				t.Errorf("the envelope is %+v", got)
			}
			m, err := mail.ReadMessage(strings.NewReader(got.content))
			if err != nil {
				t.Fatal(err)
			}
			subject, _ := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
			if subject != "Neues Paßwort\r\nBcc: x@example.com" || m.Header.Get("Bcc") != "" {
				t.Errorf("the headers are %v", m.Header)
			}
			body, _ := io.ReadAll(quotedprintable.NewReader(m.Body))
			if want := strings.ReplaceAll(text, "\n", "\r\n"); strings.TrimRight(string(body),
				"\r\n") != strings.TrimRight(want, "\r\n") {
				t.Errorf("the text is %q", body)
			}
			for line := range strings.Lines(got.content) {
				if len(line) > 78+2 {
					t.Errorf("a line has %d bytes", len(line))
				}
			}
		})
	}
	t.Run("never tells the password to who cannot prove the name", func(t *testing.T) {
		s := b.client(t, "smtps://homeroom:p%40ss%3Aword@"+b.encrypted)
		s.Trust = nil
		if err := s.Send(ctx, "zoe@example.com", "x", "x"); err == nil {
			t.Error("the certificate of a stranger was taken")
		}
	})
	t.Run("takes no server for another one where TLS begins later", func(t *testing.T) {
		s := b.client(t, "smtp://homeroom:p%40ss%3Aword@"+b.plain)
		s.Trust = nil
		if err := s.Send(ctx, "zoe@example.com", "x", "x"); err == nil {
			t.Error("the certificate of a stranger was taken")
		}
	})
	t.Run("says nothing to a server that offers no encryption, unless it may", func(t *testing.T) {
		s := b.client(t, "smtp://homeroom:p%40ss%3Aword@"+b.bare)
		if err := s.Send(ctx, "zoe@example.com", "x", "x"); err == nil ||
			!strings.Contains(err.Error(), "--smtp-tls optional") {
			t.Errorf("%v", err)
		}
		if len(b.got) != 0 {
			t.Error("a mail has arrived")
		}
		s.AllowPlain = true
		if err := s.Send(ctx, "zoe@example.com", "x", "x"); err != nil {
			t.Fatal(err)
		}
		if got := <-b.got; got.to != "zoe@example.com" {
			t.Errorf("%+v", got)
		}
		// A connection that may be plain is still encrypted if TLS is offered, and is
		// checked. The server accepts no password before.
		s = b.client(t, "smtp://homeroom:p%40ss%3Aword@"+b.plain)
		s.AllowPlain = true
		if err := s.Send(ctx, "zoe@example.com", "x", "x"); err != nil {
			t.Fatal(err)
		}
		<-b.got
		s.Trust = nil
		if err := s.Send(ctx, "zoe@example.com", "x", "x"); err == nil {
			t.Error("the certificate of a stranger was taken")
		}
	})
	t.Run("says without the password what went wrong", func(t *testing.T) {
		err := b.client(t, "smtp://homeroom:hunter2-secret@"+b.plain).Send(ctx, "zoe@example.com", "x", "x")
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v", err)
		}
	})
	t.Run("gives up in time", func(t *testing.T) {
		silent, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer silent.Close()
		short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		if err := b.client(t, "smtp://"+silent.Addr().String()).Send(short, "zoe@example.com", "x", "x"); err == nil ||
			ctx.Err() != nil {
			t.Errorf("%v", err)
		}
	})
	t.Run("refuses an address that is none", func(t *testing.T) {
		if err := b.client(t, "smtp://"+b.bare).
			Send(ctx, "zoe@example.com\r\nRCPT TO:<x@example.com>", "x", "x"); err == nil {
			t.Error("it was taken")
		}
	})
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"smtp://mail.example.org", "smtps://user:p%40ss@mail.example.org:465/",
		"smtp://[::1]:25"} {
		if _, err := mailer.Parse(good, "homeroom@example.org", clock); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "mail.example.org", "http://mail.example.org", "smtp://", "smtp://user:hunter2@/",
		"smtp://u:hunter2@mail.example.org/x", "smtp://u:hunter2%zz@mail.example.org"} {
		if _, err := mailer.Parse(bad, "homeroom@example.org", clock); err == nil ||
			strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := mailer.Parse("smtp://mail.example.org", "Homeroom", clock); err == nil {
		t.Error("a sender without an address was taken")
	}
}
