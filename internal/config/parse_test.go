package config_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/openhomeroom/homeroom/internal/config"
)

func TestSizes(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]int64{
		"2097152": 2 << 20, "64MiB": 64 << 20, "1GiB": 1 << 30, "2 gib": 2 << 30, "5MB": 5_000_000, "1048576B": 1 << 20, "1024KiB": 1 << 20,
	} {
		c, err := load(t, []string{"--max-upload-bytes", value}, nil, config.ServerSection)
		if err != nil || c.Server.MaxUploadBytes != want {
			t.Errorf("%s is %d, %v; want %d", value, c.Server.MaxUploadBytes, err, want)
		}
	}
	for _, value := range []string{"", "MiB", "-1", "1.5GiB", "9999999999GiB", "0x10", "1TiB"} {
		if _, err := load(t, []string{"--max-upload-bytes", value}, nil, config.ServerSection); err == nil {
			t.Errorf("%q is accepted", value)
		}
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	for value, want := range map[string][]string{
		"":                     nil,
		"https://a.example":    {"https://a.example"},
		"http://a.example:80":  {"http://a.example"},
		"http://a.example:443": {"http://a.example:443"},
		"http://[::1]:3000":    {"http://[::1]:3000"},
		"https://[::1]:443":    {"https://[::1]"},
	} {
		c, err := load(t, []string{"--allowed-origins", value}, nil, config.ServerSection)
		if err != nil || !reflect.DeepEqual(c.Server.AllowedOrigins, want) {
			t.Errorf("%s is %q, %v; want %q", value, c.Server.AllowedOrigins, err, want)
		}
	}
	for value, reason := range map[string]string{
		"*":                   "rights",
		"https://*.a.example": "rights",
		"null":                "scheme",
		"a.example":           "scheme",
		"//a.example":         "scheme",
		"ftp://a.example":     "scheme",
		"https://":            "scheme",
		"https://a.example/":  "write https://a.example",
		"https://a.example?x": "write https://a.example",
		"https://u@a.example": "write https://a.example",
		"https://a.example#":  "write https://a.example",
		"https://bücher.de":   "punycode",
	} {
		_, err := load(t, []string{"--allowed-origins", value}, nil, config.ServerSection)
		if err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: %v; want a reason with %q", value, err, reason)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()

	t.Run("the help of every flag names the variable and the default", func(t *testing.T) {
		t.Parallel()
		flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
		config.NewLoader(flags, everything...)
		help := flags.FlagUsagesWrapped(0)
		for _, s := range config.Settings() {
			line := ""
			for l := range strings.SplitSeq(help, "\n") {
				if strings.Contains(l, "--"+s.Flag+" ") {
					line = l
				}
			}
			if !strings.Contains(line, "[$"+s.Variable+"]") ||
				s.Default != "" && !strings.Contains(line, "(default "+s.Default+")") {
				t.Errorf("the help of --%s is %q", s.Flag, line)
			}
		}
	})

	t.Run("every default that is told can be written and changes nothing", func(t *testing.T) {
		t.Parallel()
		var args []string
		for _, s := range config.Settings() {
			if s.Default != "" {
				args = append(args, "--"+s.Flag+"="+s.Default)
			}
		}
		c, err := load(t, args, map[string]string{"HOMEROOM_DATABASE_URL": "sqlite:x"}, everything...)
		want := config.Default()
		want.Database.URL = "sqlite:x"
		if err != nil || !reflect.DeepEqual(c, want) {
			t.Errorf("got %+v, %v; want %+v", c, err, want)
		}
	})

	t.Run("the table of the manual has a line for each", func(t *testing.T) {
		t.Parallel()
		table := config.Markdown()
		for _, s := range config.Settings() {
			if !strings.Contains(table, "| `--"+s.Flag+"` | `"+s.Variable+"` |") {
				t.Errorf("--%s is missing in\n%s", s.Flag, table)
			}
			if s.Name == "" || s.Form == "" || s.Description == "" || strings.HasSuffix(s.Description, ".") {
				t.Errorf("--%s is not described well", s.Flag)
			}
		}
	})
}
