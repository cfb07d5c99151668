package viewer

import "context"

type tellKey struct{}

// WithTold returns a context whose request calls tell once its caller is known.
func WithTold(ctx context.Context, tell func(*Viewer) error) context.Context {
	return context.WithValue(ctx, tellKey{}, tell)
}

// Tell says who has sent the request of ctx. It fails if there is no room for more
// requests of that caller.
func Tell(ctx context.Context, v *Viewer) error {
	if tell, ok := ctx.Value(tellKey{}).(func(*Viewer) error); ok && v != nil {
		return tell(v)
	}
	return nil
}

// District returns the district that a viewer belongs to, or 0.
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
