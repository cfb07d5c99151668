package config_test

import (
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/config"
)

func TestWhoMaySpeakHTTPToOtherMachines(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args    []string
		refused bool
	}{
		"an address of this machine":                {[]string{"--addr", "127.0.0.1:8080"}, false},
		"another one of this machine":               {[]string{"--addr", "127.7.7.7:8080"}, false},
		"one of IPv6":                               {[]string{"--addr", "[::1]:8080"}, false},
		"one that is mapped":                        {[]string{"--addr", "[::ffff:127.0.0.1]:8080"}, false},
		"localhost":                                 {[]string{"--addr", "localhost:8080"}, false},
		"all interfaces":                            {[]string{"--addr", ":8080"}, true},
		"all of IPv4":                               {[]string{"--addr", "0.0.0.0:8080"}, true},
		"all of IPv6":                               {[]string{"--addr", "[::]:8080"}, true},
		"one of a network":                          {[]string{"--addr", "10.0.0.7:8080"}, true},
		"a name, whatever it stands for":            {[]string{"--addr", "homeroom:8080"}, true},
		"a public address alone":                    {[]string{"--addr", ":8080", "--public-url", "https://homeroom.example.org"}, true},
		"all interfaces behind a proxy":             {[]string{"--addr", ":8080", "--trusted-proxies", "10.0.0.0/8"}, false},
		"all interfaces with the flag":              {[]string{"--addr", ":8080", "--insecure-http"}, false},
		"all interfaces with the flag and a value":  {[]string{"--addr", ":8080", "--insecure-http=true"}, false},
		"all interfaces with the flag switched off": {[]string{"--addr", ":8080", "--insecure-http=false"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, c.args, nil, config.ServerSection)
			if (err != nil) != c.refused {
				t.Fatalf("%v; refused is to be %v", err, c.refused)
			}
			for _, way := range []string{"--tls-cert and --tls-key", "--trusted-proxies", "--insecure-http"} {
				if c.refused && !strings.Contains(err.Error(), way) {
					t.Errorf("%v does not tell of %s", err, way)
				}
			}
		})
	}
	t.Run("the variable says the same as the flag", func(t *testing.T) {
		t.Parallel()
		c, err := load(t, []string{"--addr", ":8080"}, map[string]string{"HOMEROOM_INSECURE_HTTP": "true"},
			config.ServerSection)
		if err != nil || !c.Server.InsecureHTTP {
			t.Errorf("%v", err)
		}
		if _, err := load(t, nil, map[string]string{"HOMEROOM_INSECURE_HTTP": "perhaps"}, config.ServerSection); err == nil ||
			!strings.Contains(err.Error(), "true or false") {
			t.Errorf("%v", err)
		}
	})
}
