package graph

import (
	"context"
	"net/http"
	"runtime/debug"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"homeroom/graph/generated"
	"homeroom/graph/loader"
	"homeroom/internal/fault"
	"homeroom/internal/identity"
	"homeroom/internal/viewer"
)

// Limits bound what one request may ask for.
type Limits struct {
	// UploadBytes is the largest file, in bytes.
	UploadBytes int64
	// UploadMemory is how much of an upload is kept in memory; the rest goes to
	// a temporary file.
	UploadMemory int64
}

// The limits of a document, which no sensible client meets.
const (
	maxTokens     = 5000
	maxComplexity = 60000
)

// NewHandler returns the GraphQL endpoint.
func NewHandler(r *Resolver, limits Limits) http.Handler {
	srv := handler.New(generated.NewExecutableSchema(generated.Config{Resolvers: r, Complexity: complexity()}))
	srv.AddTransport(transport.Options{})
	srv.AddTransport(transport.GET{})
	srv.AddTransport(transport.POST{})
	srv.AddTransport(transport.MultipartForm{MaxUploadSize: limits.UploadBytes, MaxMemory: limits.UploadMemory})
	srv.SetQueryCache(lru.New[*ast.QueryDocument](1000))
	srv.SetParserTokenLimit(maxTokens)
	srv.SetErrorPresenter(presentError(r.Log))
	srv.SetRecoverFunc(recovered(r.Log))
	srv.Use(extension.Introspection{})
	srv.Use(extension.FixedComplexityLimit(maxComplexity))
	srv.AroundOperations(onlySignedIn)
	srv.AroundResponses(r.prepare)
	return srv
}

// prepare gives an operation its loaders and, where it only reads, a snapshot of
// the database, so that all numbers of one answer are of the same moment.
func (r *Resolver) prepare(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	op := graphql.GetOperationContext(ctx).Operation
	if op != nil && op.Operation == ast.Query {
		var end func()
		ctx, end = r.DB.Snapshot(ctx)
		defer end()
	}
	return next(loader.NewContext(ctx, loader.NewLoaders(r.DB, r.Roster, r.Usage, r.Importer)))
}

// open are the fields of Query and Mutation that need no session.
var open = map[string]bool{"signIn": true, "signOut": true, "__typename": true, "__schema": true, "__type": true}

var errSignIn = fault.Unauthenticatedf("sign in first")

// onlySignedIn refuses an operation that asks for more than signing in where
// nobody has. Behind it the policies deny the same.
func onlySignedIn(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	if viewer.FromContext(ctx) != nil {
		return next(ctx)
	}
	oc := graphql.GetOperationContext(ctx)
	for _, f := range graphql.CollectFields(oc, oc.Operation.SelectionSet, []string{"Query", "Mutation"}) {
		if !open[f.Name] {
			return graphql.OneShot(&graphql.Response{Errors: gqlerror.List{{
				Message: sentence(errSignIn.Message), Extensions: map[string]any{"code": errSignIn.Code},
			}}})
		}
	}
	// Signing in fills the viewer, so that its payload can be asked for.
	return next(viewer.NewContext(ctx, &viewer.Viewer{}))
}

// Endpoint returns the GraphQL endpoint behind authentication. secure says that
// cookies are only for TLS.
func Endpoint(r *Resolver, limits Limits, service *identity.Service, secure bool) http.Handler {
	return Authenticate(service, secure, NewHandler(r, limits))
}

func stack() string { return string(debug.Stack()) }
