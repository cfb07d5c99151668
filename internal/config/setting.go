package config

import (
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"github.com/openhomeroom/homeroom/internal/quote"
)

// Section is a part of the configuration. A command needs some of them.
type Section string

// The sections, in the order in which they are described.
const (
	DatabaseSection Section = "Database"
	ServerSection   Section = "Server"
	APISection      Section = "API"
	LimitSection    Section = "Limits"
	UploadSection   Section = "Uploads"
	SessionSection  Section = "Session"
	SignInSection   Section = "Single sign-on"
	SecretSection   Section = "Secret"
	MailSection     Section = "Mail"
	LogSection      Section = "Log"
)

// Setting is one thing that an operator may set.
type Setting struct {
	Section Section
	// Name is the name of the setting in a sentence.
	Name string
	// Flag is the name of the flag, without dashes.
	Flag string
	// Variable is the name of the environment variable.
	Variable string
	// Form is what the value looks like, such as duration.
	Form string
	// Default is the value if nothing is set; empty for none.
	Default string
	// Description is one sentence without the period.
	Description string

	set func(c *Config, value string) error
}

// Settings returns all settings, section by section.
func Settings() []Setting {
	d := Default()
	list := []Setting{
		{
			Section: DatabaseSection, Name: "database URL", Flag: urlFlag, Form: "URL",
			Description: "where the data is stored: sqlite:path/to/homeroom.db or mysql://user:password@host:3306/name; " +
				"required, unless the data folder is named and holds a " + DatabaseFile +
				"; it holds a password, so set it as a variable",
			set: func(c *Config, v string) error { c.Database.URL = Hidden(strings.TrimSpace(v)); return nil },
		},
		{
			Section: ServerSection, Name: "address", Flag: "addr", Form: "host:port", Default: d.Server.Addr,
			Description: "the address to listen on; :8080 listens on all interfaces, which requires a " +
				"certificate, a trusted proxy or --insecure-http",
			set: func(c *Config, v string) error { c.Server.Addr = strings.TrimSpace(v); return nil },
		},
		{
			Section: ServerSection, Name: "public URL", Flag: "public-url", Form: "URL",
			Description: "the address at which people reach the server, such as https://homeroom.example.org; " +
				"links and download addresses begin with it; without it no mail is sent, " +
				"and download addresses are relative to the endpoint",
			set: func(c *Config, v string) error {
				v = strings.TrimSuffix(strings.TrimSpace(v), "/")
				if v == "" {
					c.Server.PublicURL = ""
					return nil
				}
				return store(&c.Server.PublicURL, parseOrigin)(v)
			},
		},
		{
			Section: ServerSection, Name: "certificate", Flag: "tls-cert", Form: "file",
			Description: "the server's certificate for HTTPS, in PEM, followed by its intermediate certificates; " +
				"read again when the file changes; without it the server speaks HTTP, for a proxy that speaks HTTPS",
			set: func(c *Config, v string) error { c.Server.TLS.Cert = strings.TrimSpace(v); return nil },
		},
		{
			Section: ServerSection, Name: "key of the certificate", Flag: "tls-key", Form: "file",
			Description: "the key of the certificate, in PEM",
			set:         func(c *Config, v string) error { c.Server.TLS.Key = strings.TrimSpace(v); return nil },
		},
		{
			Section: ServerSection, Name: "insecure HTTP", Flag: "insecure-http", Form: formBool,
			Description: "lets other machines reach the server over HTTP, without a certificate and without a trusted proxy; " +
				"anyone on the network between can read passwords and names",
			set: func(c *Config, v string) error { return store(&c.Server.InsecureHTTP, parseBool)(v) },
		},
		{
			Section: ServerSection, Name: "allowed origins", Flag: "allowed-origins", Form: "origins",
			Description: "the origins of web pages on other sites that may use the API, " +
				"as scheme://host[:port], separated by commas; the server's own pages need no entry",
			set: func(c *Config, v string) error { return store(&c.Server.AllowedOrigins, ParseOrigins)(v) },
		},
		{
			Section: ServerSection, Name: "trusted proxies", Flag: "trusted-proxies", Form: "networks",
			Description: "the networks of the proxies in front of the server, such as 10.0.0.0/8, separated by commas; " +
				"the server takes the address of the client from X-Forwarded-For only if one of them sends it; " +
				"attempts to sign in are limited by address",
			set: func(c *Config, v string) error { return store(&c.Server.TrustedProxies, parseNetworks)(v) },
		},
		{
			Section:     ServerSection,
			Name:        "shutdown timeout",
			Flag:        "shutdown-timeout",
			Form:        "duration",
			Default:     formatDuration(d.Server.ShutdownTimeout),
			Description: "how long running requests may take to finish when the server stops",
			set:         func(c *Config, v string) error { return store(&c.Server.ShutdownTimeout, parseDuration)(v) },
		},
		{
			Section:     ServerSection,
			Name:        "upload limit",
			Flag:        "max-upload-bytes",
			Form:        "size",
			Default:     formatSize(d.Server.MaxUploadBytes),
			Description: "the largest request with a file, such as 64MiB or 1GiB",
			set:         func(c *Config, v string) error { return store(&c.Server.MaxUploadBytes, parseSize)(v) },
		},
		{
			Section:     ServerSection,
			Name:        "request limit",
			Flag:        "max-request-bytes",
			Form:        "size",
			Default:     formatSize(d.Server.MaxRequestBytes),
			Description: "the largest request without a file",
			set:         func(c *Config, v string) error { return store(&c.Server.MaxRequestBytes, parseSize)(v) },
		},
		{
			Section: ServerSection,
			Name:    "request timeout",
			Flag:    "request-timeout",
			Form:    "duration",
			Default: formatDuration(d.Server.RequestTimeout),
			Description: "how long a request without a file or a streamed answer may take, " +
				"and how long a client may stay silent in any other",
			set: func(c *Config, v string) error { return store(&c.Server.RequestTimeout, parseDuration)(v) },
		},
		{
			Section: ServerSection,
			Name:    "job lease",
			Flag:    "job-lease",
			Form:    "duration",
			Default: formatDuration(d.Server.JobLease),
			Description: "how long a server that works on a bulk job may give no sign of life before another " +
				"one takes the job over",
			set: func(c *Config, v string) error { return store(&c.Server.JobLease, parseDuration)(v) },
		},
		{
			Section: ServerSection,
			Name:    "purge hour",
			Flag:    "purge-hour",
			Form:    "number",
			Default: strconv.Itoa(d.Server.PurgeHour),
			Description: "the hour of the day in UTC, 0 to 23, at which the server erases the personal data of deleted " +
				"students whose " +
				"retention has ended; if there are several servers, one of them does it",
			set: func(c *Config, v string) error {
				return store(&c.Server.PurgeHour, strconv.Atoi)(strings.TrimSpace(v))
			},
		},
		{
			Section:     SessionSection,
			Name:        "session lifetime",
			Flag:        "session-lifetime",
			Form:        "duration",
			Default:     formatDuration(d.Session.Lifetime),
			Description: "how long somebody stays signed in",
			set:         func(c *Config, v string) error { return store(&c.Session.Lifetime, parseDuration)(v) },
		},
		{
			Section:     SessionSection,
			Name:        "session idle timeout",
			Flag:        "session-idle-timeout",
			Form:        "duration",
			Default:     formatDuration(d.Session.IdleTimeout),
			Description: "how long somebody stays signed in without doing anything",
			set:         func(c *Config, v string) error { return store(&c.Session.IdleTimeout, parseDuration)(v) },
		},
		{
			Section: SignInSection, Name: "providers", Flag: "oidc-providers", Form: "file",
			Description: "the OpenID providers at which people can sign in: the path of a JSON file, or the JSON list itself; " +
				"it holds secrets, so prefer a file that others cannot read",
			set: func(c *Config, v string) error {
				c.SignIn.ProvidersFile = providersFile(v)
				return store(&c.SignIn.Providers, parseProviders)(v)
			},
		},
		{
			Section: SignInSection, Name: "app links", Flag: "app-links", Form: "addresses",
			Description: "the addresses with which mobile apps take over a sign-in from the browser, " +
				"such as org.example.homeroom:/signed-in, separated by commas",
			set: func(c *Config, v string) error { return store(&c.SignIn.AppLinks, parseLinks)(v) },
		},
		{
			Section: SecretSection, Name: "secret key", Flag: keyFlag, Form: "key",
			Description: "at least 32 bytes in hex or base64, the same on every server; others can see a command line, " +
				"so set it as a variable; without it " + KeyFile +
				" in the data folder is used; the first start creates that file",
			set: func(c *Config, v string) error { return store(&c.Secret.Key, parseKey)(v) },
		},
		{
			Section: SecretSection, Name: "old secret keys", Flag: oldKeysFlag, Form: "keys",
			Description: "former secret keys, separated by commas, " +
				"or a file with one in each line that only its owner can read; the server reads what they encrypted, " +
				"and encrypts it again with the secret key; homeroom doctor says when they are no longer needed",
			set: func(c *Config, v string) error { return store(&c.Secret.Old, parseOldKeys)(v) },
		},
		{
			Section: SecretSection, Name: "data folder", Flag: dataFlag, Form: "folder", Default: d.Secret.DataDir,
			Description: "the folder for what the server keeps outside the database; if it is named without a database URL, " +
				"the database is " + DatabaseFile + " in it, where homeroom demo puts it",
			set: func(c *Config, v string) error { c.Secret.DataDir = strings.TrimSpace(v); return nil },
		},
		{
			Section: MailSection, Name: "mail server", Flag: "smtp-url", Form: "URL",
			Description: "the server that sends invitations and links for a new password: smtp://user:password@host:587, " +
				"or smtps://user:password@host:465; it holds a password, so set it as a variable; " +
				"without it no mail is sent, and the operator makes the links",
			set: func(c *Config, v string) error { c.Mail.SMTP = Hidden(strings.TrimSpace(v)); return nil },
		},
		{
			Section: MailSection, Name: "encryption of mails", Flag: "smtp-tls", Form: "when", Default: d.Mail.TLS,
			Description: "whether mail is sent only encrypted: required, or optional for a mail server that offers " +
				"no STARTTLS on a network where nobody can listen; links in mails open accounts",
			set: oneOf(func(c *Config) *string { return &c.Mail.TLS }, TLSRequired, TLSOptional),
		},
		{
			Section: MailSection, Name: "sender", Flag: "mail-from", Form: "address",
			Description: "the sender of mails, such as Homeroom <homeroom@example.org>",
			set:         func(c *Config, v string) error { c.Mail.From = strings.TrimSpace(v); return nil },
		},
		{
			Section:     LogSection,
			Name:        "log level",
			Flag:        "log-level",
			Form:        "level",
			Default:     strings.ToLower(d.Log.Level.String()),
			Description: "the least important message that is logged: debug, info, warn or error",
			set:         func(c *Config, v string) error { return store(&c.Log.Level, parseLevel)(v) },
		},
		{
			Section: LogSection, Name: "log format", Flag: "log-format", Form: "format", Default: d.Log.Format,
			Description: "the form of the log: text or json",
			set:         func(c *Config, v string) error { c.Log.Format = strings.ToLower(strings.TrimSpace(v)); return nil },
		},
	}
	session := slices.IndexFunc(list, func(s Setting) bool { return s.Section == SessionSection })
	list = slices.Insert(list, session, slices.Concat(d.API.settings(), d.Limits.settings(), d.Uploads.settings())...)
	for i := range list {
		list[i].Variable = variable(list[i].Flag)
	}
	return list
}

// variable returns HOMEROOM_DATABASE_URL for database-url.
func variable(flag string) string {
	return "HOMEROOM_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// store returns a function that parses a value into a variable, and leaves the variable
// alone if it cannot.
func store[T any](place *T, parse func(string) (T, error)) func(string) error {
	return func(v string) error {
		parsed, err := parse(v)
		if err == nil {
			*place = parsed
		}
		return err
	}
}

func parseLevel(s string) (slog.Level, error) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "debug":
		return slog.LevelDebug, nil
	case "info":
		return slog.LevelInfo, nil
	case "warn":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	default:
		return 0, fmt.Errorf("%s is unknown; write debug, info, warn or error", quote.Text(s))
	}
}

// formBool is the form of a flag that may have no value.
const formBool = "bool"

func parseBool(s string) (bool, error) {
	yes, err := strconv.ParseBool(strings.ToLower(strings.TrimSpace(s)))
	if err != nil {
		return false, fmt.Errorf("%s is unknown; write true or false", quote.Text(s))
	}
	return yes, nil
}

// Problem is one thing that is wrong with a setting.
type Problem struct{ Flag, Variable, Message string }

func (p *Problem) Error() string {
	return fmt.Sprintf("--%s or %s: %s", p.Flag, p.Variable, p.Message)
}

func problem(flag, format string, args ...any) error {
	return &Problem{Flag: flag, Variable: variable(flag), Message: fmt.Sprintf(format, args...)}
}
