package config_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/openhomeroom/homeroom/internal/config"
)

var everything = []config.Section{
	config.DatabaseSection, config.ServerSection, config.APISection, config.LimitSection, config.UploadSection,
	config.SessionSection, config.SignInSection, config.SecretSection, config.MailSection, config.LogSection,
}

// load reads flags and variables as a command does.
func load(t *testing.T, args []string, variables map[string]string, sections ...config.Section) (config.Config, error) {
	t.Helper()
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	loader := config.NewLoader(flags, sections...)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return loader.Load(func(name string) string { return variables[name] })
}

func TestLoad(t *testing.T) {
	t.Parallel()
	url := map[string]string{"HOMEROOM_DATABASE_URL": "sqlite:homeroom.db"}

	t.Run("without settings everything but the database has a default", func(t *testing.T) {
		t.Parallel()
		c, err := load(t, nil, url, everything...)
		if err != nil {
			t.Fatal(err)
		}
		want := config.Default()
		want.Database.URL = "sqlite:homeroom.db"
		if !reflect.DeepEqual(c, want) {
			t.Errorf("got %+v, want %+v", c, want)
		}
		if c.Server.MaxUploadBytes != 256<<20 || c.Session.Lifetime != 12*time.Hour {
			t.Errorf("the defaults are %+v", c)
		}
	})

	t.Run("a variable sets, and a flag wins over it", func(t *testing.T) {
		t.Parallel()
		c, err := load(t, []string{"--addr", ":9000", "--insecure-http", "--max-upload-bytes=1GiB"}, map[string]string{
			"HOMEROOM_DATABASE_URL":     "mysql://u:p@db/homeroom",
			"HOMEROOM_ADDR":             "127.0.0.1:1",
			"HOMEROOM_LOG_LEVEL":        "WARN",
			"HOMEROOM_LOG_FORMAT":       "json",
			"HOMEROOM_PUBLIC_URL":       "https://Homeroom.example.org/",
			"HOMEROOM_ALLOWED_ORIGINS":  "https://App.example.org:443, http://localhost:3000,, https://app.example.org",
			"HOMEROOM_SESSION_LIFETIME": "90m",
			"HOMEROOM_SECRET_KEY":       strings.Repeat("0f", 32),
		}, everything...)
		if err != nil {
			t.Fatal(err)
		}
		s := c.Server
		if s.Addr != ":9000" || s.MaxUploadBytes != 1<<30 || s.PublicURL != "https://homeroom.example.org" {
			t.Errorf("got %+v", s)
		}
		if want := []string{"https://app.example.org", "http://localhost:3000"}; !reflect.DeepEqual(s.AllowedOrigins, want) {
			t.Errorf("origins %q, want %q", s.AllowedOrigins, want)
		}
		if c.Session.Lifetime != 90*time.Minute || c.Log.Level != slog.LevelWarn || c.Log.Format != config.FormatJSON {
			t.Errorf("got %+v", c)
		}
		if key, err := c.Secret.Load(); err != nil || string(key) != strings.Repeat("\x0f", 32) {
			t.Errorf("the key has %d bytes, %v", len(key), err)
		}
	})

	t.Run("a command without the server needs none of its settings", func(t *testing.T) {
		t.Parallel()
		c, err := load(t, nil, map[string]string{"HOMEROOM_DATABASE_URL": "sqlite:x.db", "HOMEROOM_ADDR": "nonsense"},
			config.DatabaseSection)
		if err != nil || c.Server.Addr != config.Default().Server.Addr {
			t.Errorf("got %+v, %v", c, err)
		}
	})

	t.Run("all problems are told at once, one a line, with flag and variable", func(t *testing.T) {
		t.Parallel()
		_, err := load(t, []string{"--log-level=loud", "--data="}, map[string]string{
			"HOMEROOM_ADDR":              "8080",
			"HOMEROOM_PUBLIC_URL":        "homeroom.example.org",
			"HOMEROOM_ALLOWED_ORIGINS":   "*,https://a.example/path",
			"HOMEROOM_MAX_UPLOAD_BYTES":  "many",
			"HOMEROOM_MAX_REQUEST_BYTES": "12",
			"HOMEROOM_SHUTDOWN_TIMEOUT":  "15",
			"HOMEROOM_REQUEST_TIMEOUT":   "1ms",
			"HOMEROOM_JOB_LEASE":         "999ms",
			"HOMEROOM_SESSION_LIFETIME":  "0s",
			"HOMEROOM_LOG_FORMAT":        "xml",
			"HOMEROOM_MAX_TOKENS":        "many",
			"HOMEROOM_MAX_DEPTH":         "0",
			"HOMEROOM_STATEMENT_TIMEOUT": "1ms",
		}, everything...)
		if err == nil {
			t.Fatal("no error")
		}
		lines := strings.Split(err.Error(), "\n")
		want := []string{
			"addr", "public-url", "allowed-origins", "allowed-origins", "shutdown-timeout", "max-upload-bytes",
			"max-request-bytes", "request-timeout", "job-lease", "session-lifetime", "data", "log-level",
			"log-format", "database-url", "max-tokens", "max-depth", "statement-timeout",
		}
		for _, flag := range want {
			variable := "HOMEROOM_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
			if !strings.Contains(err.Error(), "--"+flag+" or "+variable+": ") {
				t.Errorf("nothing is said about %s", flag)
			}
		}
		if len(lines) != len(want) {
			t.Errorf("%d lines for %d problems:\n%v", len(lines), len(want), err)
		}
	})
}

func TestSecrets(t *testing.T) {
	t.Parallel()

	t.Run("no message repeats a password or a key", func(t *testing.T) {
		t.Parallel()
		for _, variables := range []map[string]string{
			{"HOMEROOM_DATABASE_URL": "postgres://u:hunter2@db/x"},
			{"HOMEROOM_DATABASE_URL": "mysql://u:hunter2@db:port/x"},
			{"HOMEROOM_DATABASE_URL": "mysql://u:hunter2@db"},
			{"HOMEROOM_DATABASE_URL": "mysql://u:hunter2@db/x?a=b"},
			{"HOMEROOM_DATABASE_URL": "sqlite:x", "HOMEROOM_SECRET_KEY": "hunter2!"},
			{"HOMEROOM_DATABASE_URL": "sqlite:x", "HOMEROOM_SECRET_KEY": "hunter22"},
			{"HOMEROOM_DATABASE_URL": "sqlite:x", "HOMEROOM_PUBLIC_URL": "ftp://u:hunter2@db"},
			{"HOMEROOM_DATABASE_URL": "sqlite:x", "HOMEROOM_ALLOWED_ORIGINS": "https://u:hunter2@db"},
		} {
			_, err := load(t, nil, variables, everything...)
			if err == nil || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v: %v", variables, err)
			}
		}
	})

	t.Run("a configuration that is printed or logged hides them", func(t *testing.T) {
		t.Parallel()
		c := config.Default()
		c.Database.URL = "mysql://u:hunter2@db/x"
		c.Secret.Key = "hunter2hunter2"
		var b strings.Builder
		log := slog.New(slog.NewJSONHandler(&b, nil))
		log.Info("start", "config", c, "url", c.Database.URL)
		encoded, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(encoded)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			fmt.Fprintf(&b, verb, c)
		}
		for _, secret := range []string{"hunter2", fmt.Sprintf("%x", "hunter2")} {
			if strings.Contains(b.String(), secret) {
				t.Errorf("a secret is in %s", b.String())
			}
		}
		if c.Database.URL.Reveal() != "mysql://u:hunter2@db/x" {
			t.Error("the URL is lost")
		}
	})

	t.Run("a key is read from hex and from every base64", func(t *testing.T) {
		t.Parallel()
		for _, key := range []string{
			strings.Repeat("fb", 32),
			"+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s=",
			"-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s",
		} {
			c, err := load(t, []string{"--secret-key", key}, nil, config.SecretSection)
			if err != nil || len(c.Secret.Key.Reveal()) != 32 || c.Secret.Key[1] != 0xfb {
				t.Errorf("%s: %v", key, err)
			}
		}
		if _, err := load(t, []string{"--secret-key", strings.Repeat("ab", 31)}, nil, config.SecretSection); err == nil {
			t.Error("31 bytes are accepted")
		}
	})
}
