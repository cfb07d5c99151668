package graph

import (
	"context"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/openhomeroom/homeroom/graph/document"
	"github.com/openhomeroom/homeroom/graph/generated"
	"github.com/openhomeroom/homeroom/graph/limit"
	"github.com/openhomeroom/homeroom/graph/live"
	"github.com/openhomeroom/homeroom/graph/loader"
	"github.com/openhomeroom/homeroom/graph/problem"
	"github.com/openhomeroom/homeroom/graph/share"
	"github.com/openhomeroom/homeroom/graph/trail"
	"github.com/openhomeroom/homeroom/graph/transport"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// NewHandler returns the GraphQL endpoint. Its requests must pass through Authenticate
// first.
func NewHandler(r *Resolver, limits Limits) http.Handler {
	l := limits.WithDefaults()
	schema := generated.NewExecutableSchema(generated.Config{Resolvers: r})
	srv := handler.New(schema)
	addTransports(srv, r, l)
	guard := document.NewGuard(l.Documents(), schema)
	srv.SetQueryCache(guard.Parsed())
	srv.SetParserTokenLimit(l.Tokens)
	srv.SetValidationRulesFn(document.Rules)
	srv.SetErrorPresenter(problem.Presenter(r.Log, guard, l.Introspection))
	srv.SetRecoverFunc(problem.Recovered(r.Log))
	// A document that comes by its hash meets the same limits as any other.
	srv.Use(document.NewPersisted(l.Running, r.Operations, l.OwnOperations, r.notLookedUp))
	srv.Use(guard)
	srv.AroundOperations(trail.OnRecord(r.Audit))
	srv.AroundOperations(onlySignedIn)
	srv.AroundOperations(onlyInScope)
	srv.AroundOperations(onlySettingUp)
	srv.AroundOperations(
		r.watching(share.NewGate(l.Subscriptions, l.AllSubscriptions, 0), live.NewWatcher(r.Identity, r.Log, l.SessionCheck)))
	srv.AroundOperations(limit.WithEvents)
	srv.AroundResponses(limit.NewAnswers(l).Room)
	srv.AroundResponses(oneOfFew(share.NewGate(l.Operations, l.AllOperations, l.OperationWait)))
	srv.AroundResponses(limit.FewHeavy(l))
	srv.AroundResponses(r.stillThere(l.SessionAge))
	srv.AroundResponses(r.prepare(connections(r.DB, l.Patience)))
	srv.AroundResponses(limit.WithEntries)
	srv.AroundFields(limit.FewEntries(l.Entries))
	srv.AroundRootFields(r.beforeField(l.SessionAge))
	return withToken(srv)
}

// addTransports adds the transports. The first one that supports a request takes it.
func addTransports(srv *handler.Server, r *Resolver, l Limits) {
	limits := transport.Limits{
		RequestBytes: l.RequestBytes, VariableBytes: l.VariableBytes,
		Room: share.NewBodies(l.BodyMemory, l.RequestBytes, l.StrangerBytes, int64(l.VariableBytes),
			l.OperationWait).Room,
		SignIn:   problem.Presented(errSignIn),
		Stranger: isStranger, StrangerBytes: l.StrangerBytes, StrangerPatience: l.StrangerPatience,
		Arrived: r.hasArrived(l.SessionAge),
	}
	places := share.NewPlaces(
		share.Sockets{Each: l.Sockets, All: l.AllSockets, New: l.NewSockets, AllNew: l.AllNewSockets})
	srv.AddTransport(transport.WebSocket{
		Limits: limits, Enter: places.Enter, Init: r.connect, Begin: r.authenticate, Operations: l.SocketOperations,
		Refusals:    make(chan struct{}, refusedBrowsers),
		InitTimeout: l.InitTimeout, KeepAlive: l.KeepAlive, Patience: l.Patience,
	})
	srv.AddTransport(transport.Multipart{
		Limits: limits, UploadBytes: l.UploadBytes, UploadMemory: l.UploadMemory, Files: l.UploadFiles, Patience: l.Patience,
		Admit: r.admitFiles(share.NewGate(l.Uploads, l.AllUploads, 0)), Takes: r.takesFiles,
		Stored: share.NewStored(l.UploadStorage, l.UploadBytes).Room,
	})
	srv.AddTransport(transport.SSE{Limits: limits, KeepAlive: l.KeepAlive, Patience: l.Patience})
	srv.AddTransport(transport.HTTP{Limits: limits})
}

// refusedBrowsers is how many browsers are told at a time why they get no WebSocket, which
// takes a moment of a connection.
const refusedBrowsers = 64

func isStranger(ctx context.Context) bool {
	_, known := share.CallerOf(viewer.FromContext(ctx))
	return !known
}

// connections divides the connections to the database. A quarter is left to what callers do
// not ask for themselves: sessions, downloads, bulk jobs.
func connections(d *database.DB, patience time.Duration) *share.Gate {
	n := d.Connections()
	return share.NewGate(max(2, n/4), max(2, n-n/4), patience)
}

var errNoConnection = problem.TooMany(
	"you or your district have too much running that reads or writes; wait for some of it to end")

// prepare gives an answer its loaders, a turn at the connections to the database and, if
// it only reads, a snapshot, so that all its numbers are of the same moment. Each event of
// a subscription is an answer of its own. It is prepared before there is an event, which
// costs nothing: the turn is taken, and a snapshot starts, with its first query.
func (r *Resolver) prepare(turns *share.Gate) graphql.ResponseMiddleware {
	return func(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
		op, v := graphql.GetOperationContext(ctx).Operation, viewer.FromContext(ctx)
		turn := func(ctx context.Context) (func(), error) {
			leave, err := turns.Turn(ctx, v)
			if err != nil && ctx.Err() == nil {
				err = errNoConnection
			}
			return leave, err
		}
		switch {
		case op == nil || isRefused(ctx):
		case op.Operation == ast.Mutation:
			leave, err := turn(ctx)
			if err != nil {
				return problem.Refused(errNoConnection)(ctx)
			}
			defer leave()
		default:
			var end func()
			ctx, end = r.DB.SnapshotInTurn(ctx, turn)
			defer end()
		}
		if s := live.SessionOf(ctx); s != nil {
			ctx = viewer.NewContext(ctx, s.Await())
		}
		ctx, made := database.WithMade(ctx)
		return problem.Wholly(op, made, next(loader.NewContext(ctx, r.loaders())))
	}
}

func (r *Resolver) loaders() *loader.Loaders {
	return loader.NewLoaders(r.DB, r.Roster, r.Usage, r.Importer, r.Notify, r.Identity)
}

// open are the fields of Query and Mutation that need no session.
var open = map[string]bool{
	"signIn":               true,
	"signInWithCode":       true,
	"completeSignIn":       true,
	"beginPasskeySignIn":   true,
	"finishPasskeySignIn":  true,
	"signInProviders":      true,
	"signOut":              true,
	"requestPasswordReset": true,
	"setPasswordByLink":    true,
	"__typename":           true,
	"__schema":             true,
	"__type":               true,
}

var (
	errSignIn               = fault.Unauthenticatedf("sign in first")
	errTooManyOperations    = problem.TooMany("you have too many operations running; wait for some to end")
	errTooManySubscriptions = problem.Presented(problem.TooMany("you have too many open subscriptions; end some of them"))
)

// oneOfFew limits how many answers are computed for one caller at a time.
func oneOfFew(operations *share.Gate) graphql.ResponseMiddleware {
	return func(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
		// A subscription mostly waits. The number of subscriptions is limited instead.
		op := graphql.GetOperationContext(ctx).Operation
		if op == nil || op.Operation == ast.Subscription {
			return next(ctx)
		}
		leave, ok := operations.Enter(ctx, viewer.FromContext(ctx))
		if !ok {
			return problem.Refused(errTooManyOperations)(ctx)
		}
		defer leave()
		return next(ctx)
	}
}

// onlySignedIn refuses operations of people who are not signed in, unless they are for
// signing in. The policies deny the same.
func onlySignedIn(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	if viewer.FromContext(ctx) != nil {
		return next(ctx)
	}
	for _, f := range rootFields(graphql.GetOperationContext(ctx)) {
		if !open[f.Name] {
			return problem.Refused(errSignIn)
		}
	}
	// Signing in fills this viewer, so that the rest of the payload can be read.
	return next(viewer.NewContext(ctx, &viewer.Viewer{}))
}
