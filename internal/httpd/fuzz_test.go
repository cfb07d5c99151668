package httpd_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/httpd"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// FuzzAddressOfTheClient holds that nobody chooses the address that the limits
// and the audit trail see: a client can write what he likes into the header, but
// only in front of what the proxies add.
func FuzzAddressOfTheClient(f *testing.F) {
	for _, header := range []string{"", "203.0.113.7", "1.2.3.4, 203.0.113.7, 10.1.1.1", "unknown", "[2001:db8::7]:443",
		"::ffff:203.0.113.7", "fe80::1%eth0", ",,", "10.0.0.1", " 203.0.113.7 ,\t10.0.0.2", "203.0.113.7:99999"} {
		f.Add(header, "203.0.113.9:1", "198.51.100.1")
		f.Add(header, "10.0.0.1:1", "10.0.0.3")
	}
	f.Add("203.0.113.7", "@", "x")
	proxy := netip.MustParsePrefix("10.0.0.0/8")
	address := func(remote, header string) netip.Addr {
		cfg := config.Default().Server
		cfg.TrustedProxies = []netip.Prefix{proxy}
		var got viewer.Origin
		s := httpd.New(cfg,
			httpd.Deps{Log: slog.New(slog.DiscardHandler), Home: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				got = viewer.OriginOf(r.Context())
			})})
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = remote
		r.Header["X-Forwarded-For"] = []string{header}
		s.ServeHTTP(httptest.NewRecorder(), r)
		return got.Address
	}
	f.Fuzz(func(t *testing.T, header, remote, claim string) {
		got := address(remote, header)
		if got.Is4In6() || got.Zone() != "" {
			t.Fatalf("%s is one of several ways to write an address", got)
		}
		connection, err := netip.ParseAddrPort(remote)
		switch {
		case err != nil:
			if got.IsValid() {
				t.Fatalf("%s comes from nowhere", got)
			}
			return
		case !proxy.Contains(connection.Addr().Unmap().WithZone("")):
			if got != connection.Addr().Unmap().WithZone("") {
				t.Fatalf("%s claims to be %s", remote, got)
			}
		case !strings.Contains(header, ",") && header == "" && got != connection.Addr().Unmap().WithZone(""):
			t.Fatalf("%s says nothing and is %s", remote, got)
		}
		// Whatever somebody writes in front changes nothing, once an address is
		// found that no proxy has.
		if !proxy.Contains(got) {
			if again := address(remote, claim+","+header); again != got {
				t.Fatalf("%s with %q is %s, and with %q in front %s", remote, header, got, claim, again)
			}
		}
	})
}
