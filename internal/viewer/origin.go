package viewer

import (
	"context"
	"net/netip"
)

// Origin is where a request comes from. It decides nothing about what may be
// seen; it is for limits and for the list of one's sessions.
type Origin struct {
	// Address is that of the client, which may stand behind trusted proxies. It is
	// not valid where nobody knows it, as in commands.
	Address   netip.Addr
	UserAgent string
	// RequestID is the name of the request in logs and in the audit trail; empty for
	// what is no request.
	RequestID string
}

// Network is the part of the address that one client can be expected to have to
// itself: all of an IPv4 address, and of IPv6 the first 64 bits, because a single
// machine picks the others as it likes. It is empty where the address is not known.
func (o Origin) Network() string {
	a := o.Address.Unmap().WithZone("")
	switch {
	case !a.IsValid():
		return ""
	case a.Is4():
		return a.String()
	default:
		p, _ := a.Prefix(64)
		return p.String()
	}
}

type originKey struct{}

// WithOrigin returns a context that knows where the request comes from.
func WithOrigin(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// OriginOf returns where a request comes from, or an empty Origin.
func OriginOf(ctx context.Context) Origin {
	o, _ := ctx.Value(originKey{}).(Origin)
	return o
}
