package graph

import (
	"context"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/graph/loader"
	"github.com/openhomeroom/homeroom/graph/problem"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// The result of looking up a session does not stay valid for long: the body of the request
// may be held back, the request may wait for others of its caller, and a mutation may have
// many fields. If the look-up is older than sessionAge, it is repeated: when the body has
// been read, before anything is computed, and before each field of a mutation. An ordinary
// request is over by then, and needs no further statement.

// lookup is the time of the last look-up of the caller.
type lookup struct {
	mu sync.Mutex
	at time.Time
}

type lookupKey struct{}

// withLookup returns a context whose caller has just been looked up.
func withLookup(ctx context.Context, v *viewer.Viewer) context.Context {
	return context.WithValue(viewer.NewContext(ctx, v), lookupKey{}, &lookup{at: time.Now()})
}

// again looks up the caller if the last look-up is too old, and updates everybody who has
// the viewer of the context. It uses the viewer and not the token of the request, because
// signing in changes the viewer.
func (r *Resolver) again(ctx context.Context, age time.Duration) error {
	v, l := viewer.FromContext(ctx), lookupOf(ctx)
	if l == nil || v == nil || v.SessionID == 0 && v.Key == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	begun := time.Now()
	if begun.Sub(l.at) < age {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, sessionPatience)
	defer cancel()
	found, err := standing(limited, r.Identity, v)
	if err != nil {
		return err
	}
	*v, l.at = *found, begun
	return nil
}

func standing(ctx context.Context, service *identity.Service, v *viewer.Viewer) (*viewer.Viewer, error) {
	if v.Key != nil {
		return service.KeyViewer(ctx, v.Key.ID)
	}
	return service.SessionViewer(ctx, v.SessionID)
}

func lookupOf(ctx context.Context) *lookup {
	l, _ := ctx.Value(lookupKey{}).(*lookup)
	return l
}

// hasArrived is called when the body of a request has been read. If the session has ended
// meanwhile, the request continues without a viewer, as at its beginning.
func (r *Resolver) hasArrived(age time.Duration) func(context.Context) (context.Context, *gqlerror.Error) {
	return func(ctx context.Context) (context.Context, *gqlerror.Error) {
		err := r.again(ctx, age)
		switch {
		case err == nil:
			return ctx, nil
		case fault.KindOf(err) == fault.Unauthenticated:
			return viewer.NewContext(ctx, nil), nil
		default:
			return ctx, problem.NotLookedUp(ctx, r.Log, "a session", err)
		}
	}
}

// stillThere refuses an operation that has waited for its turn if its session has ended
// meanwhile, or must now set up a second factor. The events of a subscription are checked
// separately.
func (r *Resolver) stillThere(age time.Duration) graphql.ResponseMiddleware {
	return func(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
		oc := graphql.GetOperationContext(ctx)
		if isRefused(ctx) || oc.Operation == nil || oc.Operation.Operation == ast.Subscription {
			return next(ctx)
		}
		for _, f := range rootFields(oc) {
			if err := r.mayGoOn(ctx, age, f.Name); err != nil {
				return problem.RefusedBy(err)(ctx)
			}
		}
		return next(ctx)
	}
}

// beforeField does the same before each field of a mutation. They run one after the other,
// so nothing else reads the viewer at that moment. Each has loaders of its own, because the
// one before it may have changed what those hold.
func (r *Resolver) beforeField(age time.Duration) graphql.RootFieldMiddleware {
	return func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
		if graphql.GetOperationContext(ctx).Operation.Operation != ast.Mutation {
			return next(ctx)
		}
		field := graphql.GetRootFieldContext(ctx).Field
		if err := r.mayGoOn(ctx, age, field.Name); err != nil {
			at := graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: "Mutation", Field: field})
			err.Path = graphql.GetPath(at)
			graphql.AddError(at, err)
			return graphql.Null
		}
		ctx = loader.NewContext(ctx, r.loaders())
		return next(audit.WithConcerned(ctx, &audit.Concerned{}))
	}
}

// mayGoOn returns why a field must not begin.
func (r *Resolver) mayGoOn(ctx context.Context, age time.Duration, field string) *gqlerror.Error {
	if open[field] {
		return nil
	}
	err := r.again(ctx, age)
	switch {
	case err == nil && viewer.FromContext(ctx) == nil:
		return problem.Presented(errSignIn)
	case fault.KindOf(err) == fault.Unauthenticated:
		return problem.Presented(fault.From(err))
	case err != nil:
		return problem.NotLookedUp(ctx, r.Log, "a session", err)
	case viewer.FromContext(ctx).BeforeSecondFactor && !settingUp[field]:
		return problem.Presented(errSetUp)
	default:
		return nil
	}
}

// isRefused reports whether an answer only says why an operation does not run. Then there
// may be no variables, and nobody may be signed in.
func isRefused(ctx context.Context) bool { return len(graphql.GetErrors(ctx)) > 0 }

// rootFields returns the root fields of an operation.
func rootFields(oc *graphql.OperationContext) []graphql.CollectedField {
	return graphql.CollectFields(oc, oc.Operation.SelectionSet, []string{"Query", "Mutation", "Subscription"})
}
