package httpd

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/internal/viewer"
)

// withOrigin puts the client's address, the name that it gives itself and the request ID
// into a context. Behind trusted proxies, the address is the last one in X-Forwarded-For
// that is not a proxy's. Everything before it comes from the client, who can write
// anything.
func withOrigin(ctx context.Context, r *http.Request, proxies []netip.Prefix, id string) context.Context {
	return viewer.WithOrigin(ctx,
		viewer.Origin{Address: clientAddress(r, proxies), UserAgent: r.UserAgent(), RequestID: id})
}

func clientAddress(r *http.Request, proxies []netip.Prefix) netip.Addr {
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	address := remote.Addr().Unmap().WithZone("")
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !isProxy(proxies, address) {
			break
		}
		next, ok := parseHop(hop)
		if !ok {
			break
		}
		address = next
	}
	return address
}

func isProxy(proxies []netip.Prefix, address netip.Addr) bool {
	return slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(address.Unmap().WithZone("")) })
}

// parseHop reads an entry of X-Forwarded-For; some proxies add the port.
func parseHop(hop string) (netip.Addr, bool) {
	hop = strings.TrimSpace(hop)
	if a, err := netip.ParseAddr(strings.Trim(hop, "[]")); err == nil {
		return a.Unmap().WithZone(""), true
	}
	if a, err := netip.ParseAddrPort(hop); err == nil {
		return a.Addr().Unmap().WithZone(""), true
	}
	return netip.Addr{}, false
}
