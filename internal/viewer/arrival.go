package viewer

import "context"

type tellKey struct{}

// WithTold returns a context whose request is counted by tell, once it is known who has
// sent it.
func WithTold(ctx context.Context, tell func(*Viewer) error) context.Context {
	return context.WithValue(ctx, tellKey{}, tell)
}

// Tell says who has sent the request that ctx belongs to. It fails where there is no room
// for more requests of theirs.
func Tell(ctx context.Context, v *Viewer) error {
	if tell, ok := ctx.Value(tellKey{}).(func(*Viewer) error); ok && v != nil {
		return tell(v)
	}
	return nil
}

// District is the one that a viewer belongs to, or 0.
func (v *Viewer) District() int {
	switch {
	case v == nil:
		return 0
	case v.Key != nil:
		return v.Key.DistrictID
	default:
		return v.DistrictID
	}
}
