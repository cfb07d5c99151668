package viewer

import (
	"context"
	"net/netip"
)

// Origin is where a request comes from. It never decides what somebody may see; it is for
// limits and for the list of one's sessions.
type Origin struct {
	// Address is the address of the client, which may be behind trusted proxies. It is not
	// valid if it is unknown, as in commands.
	Address   netip.Addr
	UserAgent string
	// RequestID is the name of the request in logs and in the audit trail; it is empty
	// outside of requests.
	RequestID string
}

// Network returns the part of the address that one client can be expected to have alone:
// all of an IPv4 address, but only the first 64 bits of IPv6, because a single machine can
// choose the others freely. It is empty if the address is unknown.
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

// WithOrigin returns a context with the origin of a request.
func WithOrigin(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// OriginOf returns where a request comes from, or an empty Origin.
func OriginOf(ctx context.Context) Origin {
	o, _ := ctx.Value(originKey{}).(Origin)
	return o
}
