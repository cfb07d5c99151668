package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/config"
)

func TestProviders(t *testing.T) {
	t.Parallel()
	const good = `{"name": "google", "label": "Google", "issuer": "https://accounts.google.com", "clientId": "id", "clientSecret": "hunter2"`
	providers := func(t *testing.T, value string) (config.Config, error) {
		t.Helper()
		return load(t, nil, map[string]string{
			"HOMEROOM_DATABASE_URL": "sqlite:x.db", "HOMEROOM_PUBLIC_URL": "https://h.example.org", "HOMEROOM_OIDC_PROVIDERS": value,
		}, everything...)
	}
	t.Run("a file and its text are the same, and secrets are hidden", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		secret, file := filepath.Join(folder, "secret"), filepath.Join(folder, "providers.json")
		text := `[` + good + `, "domains": ["@Example.org"], "required": true},
			{"name": "state", "issuer": "http://127.0.0.1:5556/dex", "clientId": "h", "clientSecretFile": "` + secret +
			`", "scopes": ["openid", "email"]}]`
		for path, content := range map[string]string{secret: "hunter2\n", file: text} {
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		fromText, err := providers(t, text)
		if err != nil {
			t.Fatal(err)
		}
		fromFile, err := providers(t, file)
		if err != nil || !reflect.DeepEqual(fromFile.SignIn.Providers, fromText.SignIn.Providers) {
			t.Errorf("the file gives %+v, %v", fromFile.SignIn, err)
		}
		p := fromText.SignIn.Providers
		if len(p) != 2 || p[0].ClientSecret.Reveal() != "hunter2" || p[1].ClientSecret.Reveal() != "hunter2" ||
			p[1].Label != "state" ||
			p[0].Domains[0] != "example.org" || !reflect.DeepEqual(p[0].Scopes, []string{"openid", "email", "profile"}) {
			t.Errorf("got %+v", p)
		}
		if shown := fmt.Sprintf("%+v %#v", fromText, p); strings.Contains(shown, "hunter2") {
			t.Errorf("the secret is shown: %s", shown)
		}
	})
	for name, c := range map[string]struct{ value, want string }{
		"a file that is not there":         {"/nowhere/hunter2.json", "neither a JSON list nor a file"},
		"half of a list":                   {"[" + good, "not complete"},
		"a list with more behind it":       {"[" + good + "}] []", "more text after"},
		"a setting that nobody knows":      {"[" + good + `, "clientSecert": "hunter2"}]`, `no setting "clientSecert"`},
		"a number for a text":              {"[" + good + `, "domains": 5}]`, "wrong form"},
		"no JSON":                          {"[hunter2]", "invalid at byte"},
		"a name that is none":              {"[" + strings.Replace(good, `"google"`, `"Google!"`, 1) + "}]", "lower-case letters"},
		"a name that is there twice":       {"[" + good + "}," + good + "}]", "have the same name"},
		"an issuer without TLS":            {"[" + strings.Replace(good, "https", "http", 1) + "}]", "https://"},
		"an issuer that is no address":     {"[" + strings.Replace(good, "https://accounts.google.com", "google", 1) + "}]", "address of the provider"},
		"no client":                        {"[" + strings.Replace(good, `"id"`, `""`, 1) + "}]", "clientId is missing"},
		"no secret":                        {"[" + strings.Replace(good, "hunter2", "", 1) + "}]", "clientSecret is missing"},
		"two secrets":                      {"[" + good + `, "clientSecretFile": "x"}]`, "either clientSecret"},
		"a secret whose file is not there": {`[{"name": "a", "clientSecretFile": "/nowhere/x"}]`, "clientSecretFile cannot be read"},
		"scopes without the address":       {"[" + good + `, "scopes": ["openid"]}]`, "scopes must include"},
		"an address for a domain":          {"[" + good + `, "domains": ["a@example.org"]}]`, "is not a domain"},
		"required for everybody":           {"[" + good + `, "required": true}]`, "required needs domains"},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			t.Parallel()
			_, err := providers(t, c.value)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "--oidc-providers") ||
				strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v; want %q in it", err, c.want)
			}
		})
	}
	t.Run("browsers must be sent back somewhere", func(t *testing.T) {
		t.Parallel()
		_, err := load(t, nil,
			map[string]string{"HOMEROOM_DATABASE_URL": "sqlite:x.db", "HOMEROOM_OIDC_PROVIDERS": "[" + good + "}]"},
			everything...)
		if err == nil || !strings.Contains(err.Error(), "--public-url") {
			t.Errorf("%v", err)
		}
	})
	t.Run("links of apps", func(t *testing.T) {
		t.Parallel()
		for link, fine := range map[string]bool{
			"org.example.homeroom:/signed-in": true, "https://app.example.org/signed-in": true, "homeroom:/x": false,
			"http://app.example.org/x": false, "javascript:alert(1)": false, "org.example:/x?y=1": false, "https://a@b.example.org/": false,
		} {
			c, err := load(t, nil,
				map[string]string{"HOMEROOM_DATABASE_URL": "sqlite:x.db", "HOMEROOM_APP_LINKS": link}, everything...)
			if (err == nil) != fine || fine && c.SignIn.AppLinks[0] != link {
				t.Errorf("%s: %v", link, err)
			}
		}
	})
}
