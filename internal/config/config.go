// Package config is the whole configuration of Homeroom as one value, which is checked
// completely before anything starts. Every setting is a flag or an environment variable;
// the flag wins. All problems are reported together, each with what to do about it, and no
// message repeats a secret.
package config

import (
	"errors"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/quote"
)

// Config holds everything that an operator can set. A command uses the sections that it
// requested from its Loader; the others have their defaults and are not checked.
type Config struct {
	Database Database
	Server   Server
	Limits   Limits
	Uploads  Uploads
	API      API
	Session  Session
	SignIn   SignIn
	Secret   Secret
	Mail     Mail
	Log      Log
}

// Default returns the configuration with nothing set.
func Default() Config {
	return Config{
		Server: Server{
			Addr:            "127.0.0.1:8080",
			ShutdownTimeout: 15 * time.Second,
			MaxUploadBytes:  256 << 20,
			MaxRequestBytes: 1 << 20,
			RequestTimeout:  30 * time.Second,
			JobLease:        20 * time.Second,
			PurgeHour:       2,
		},
		API: API{Dashboard: true, Introspection: ForAdministrators, GraphiQL: ForAdministrators, Operations: AnyOperation},
		Limits: Limits{
			DocumentBytes: 64 << 10, Tokens: 5000, Depth: 20, Fields: 500, Aliases: 100, RootFields: 20, Complexity: 60_000,
			Operations: 20, Subscriptions: 20, Uploads: 4, StatementTimeout: time.Minute,
			AllSubscriptions: 10_000, Sockets: 20, AllSockets: 5000, NewSockets: 50, AllNewSockets: 1000,
			Downloads: 2, AllDownloads: 8, BodyMemory: 128 << 20, UploadStorage: 4 << 30,
		},
		Uploads: defaultUploads(),
		Session: Session{Lifetime: 12 * time.Hour, IdleTimeout: 2 * time.Hour},
		Secret:  Secret{DataDir: "./homeroom-data"},
		Mail:    Mail{TLS: TLSRequired},
		Log:     Log{Level: slog.LevelInfo, Format: FormatText},
	}
}

// Database says where the data are.
type Database struct {
	// URL includes a password, which is hidden in every log.
	URL Hidden
}

// Validate reports what is wrong, without connecting.
func (d Database) Validate() error {
	if d.URL == "" {
		return problem("database-url",
			"is required; write sqlite:homeroom-data/homeroom.db for a file, or mysql://user:password@host:3306/homeroom")
	}
	if err := database.CheckURL(d.URL.Reveal()); err != nil {
		return problem("database-url", "%v", err)
	}
	if u, err := url.Parse(d.URL.Reveal()); err == nil && u.Host != "" && u.Scheme != "sqlite" &&
		strings.Trim(u.Path, "/") == "" {
		return problem("database-url", "names a server but no database; add /homeroom, which is created where it is missing")
	}
	return nil
}

// Session says how long people stay signed in.
type Session struct {
	Lifetime time.Duration
	// IdleTimeout is how long a session lasts without use.
	IdleTimeout time.Duration
}

// Validate reports what is wrong.
func (s Session) Validate() error {
	var lifetime, idle error
	if s.Lifetime < time.Minute || s.Lifetime > 365*24*time.Hour {
		lifetime = problem("session-lifetime", "%v is not between 1m and 8760h; 12h lasts for a school day", s.Lifetime)
	}
	// The last use is only known to the minute.
	if s.IdleTimeout < 5*time.Minute || s.IdleTimeout > 365*24*time.Hour {
		idle = problem("session-idle-timeout",
			"%v is not between 5m and 8760h; 2h lasts for a long lesson and a break", s.IdleTimeout)
	}
	return errors.Join(lifetime, idle)
}

// Log says what is logged, and in which format.
type Log struct {
	Level  slog.Level
	Format string
}

// The formats of a log.
const (
	FormatText = "text"
	FormatJSON = "json"
)

// Validate reports what is wrong.
func (l Log) Validate() error {
	if l.Format != FormatText && l.Format != FormatJSON {
		return problem("log-format", "%s is unknown; write text or json", quote.Text(l.Format))
	}
	return nil
}

// Handler returns the handler of a log that is written to w.
func (l Log) Handler(w io.Writer) slog.Handler {
	options := &slog.HandlerOptions{Level: l.Level}
	if l.Format == FormatJSON {
		return slog.NewJSONHandler(w, options)
	}
	return slog.NewTextHandler(w, options)
}

// validate checks the sections that a command uses.
func (c Config) validate(uses func(Section) bool) error {
	sections := []struct {
		name  Section
		check func() error
	}{
		{DatabaseSection, c.Database.Validate},
		{ServerSection, c.Server.Validate},
		{LimitSection, c.Limits.Validate},
		{UploadSection, c.Uploads.Validate},
		{SessionSection, c.Session.Validate},
		{SignInSection, func() error { return c.SignIn.Validate(c.Server.PublicURL) }},
		{SecretSection, c.Secret.Validate},
		{MailSection, func() error { return c.Mail.Validate(c.Server.PublicURL) }},
		{LogSection, c.Log.Validate},
	}
	var problems []error
	for _, s := range sections {
		if uses(s.name) {
			problems = append(problems, s.check())
		}
	}
	return errors.Join(problems...)
}
