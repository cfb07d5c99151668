package httpd_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/httpd"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func TestTheAddressOfTheClient(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		proxies, remote string
		forwarded       []string
		want            string
	}{
		"is that of the connection":                            {"", "203.0.113.7:1", nil, "203.0.113.7"},
		"is not what a stranger claims":                        {"", "203.0.113.7:1", []string{"1.2.3.4"}, "203.0.113.7"},
		"is not what a stranger claims beside trusted proxies": {"10.0.0.0/8", "203.0.113.7:1", []string{"1.2.3.4"}, "203.0.113.7"},
		"is what a trusted proxy says":                         {"10.0.0.0/8", "10.0.0.1:1", []string{"203.0.113.7"}, "203.0.113.7"},
		"is the last one before the trusted proxies":           {"10.0.0.0/8", "10.0.0.1:1", []string{"1.2.3.4, 203.0.113.7", "10.9.9.9"}, "203.0.113.7"},
		"is the proxy's where it says nothing":                 {"10.0.0.0/8", "10.0.0.1:1", nil, "10.0.0.1"},
		"is the proxy's where it says nonsense":                {"10.0.0.0/8", "10.0.0.1:1", []string{"unknown"}, "10.0.0.1"},
		"may come with a port":                                 {"10.0.0.0/8", "10.0.0.1:1", []string{"203.0.113.7:443"}, "203.0.113.7"},
		"may be of IPv6":                                       {"::1/128", "[::1]:1", []string{"2001:db8::7"}, "2001:db8::7"},
		"is the same however IPv4 is written":                  {"10.0.0.0/8", "[::ffff:10.0.0.1]:1", []string{"::ffff:203.0.113.7"}, "203.0.113.7"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := config.Default().Server
			if c.proxies != "" {
				cfg.TrustedProxies = []netip.Prefix{netip.MustParsePrefix(c.proxies)}
			}
			var got viewer.Origin
			s := httpd.New(cfg,
				httpd.Deps{Log: slog.New(slog.DiscardHandler), Home: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					got = viewer.OriginOf(r.Context())
				})})
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = c.remote
			r.Header["X-Forwarded-For"] = c.forwarded
			r.Header.Set("User-Agent", "test")
			s.ServeHTTP(httptest.NewRecorder(), r)
			if got.Address.String() != c.want || got.UserAgent != "test" {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}
