// Package httpd is the HTTP server around the handlers. It does not know what they do. It
// gives every request an ID, logs it without private data, limits it, contains panics,
// decides which web pages may send requests, and lets requests finish when the server
// stops.
package httpd

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/cors"
	"golang.org/x/sync/singleflight"

	"github.com/openhomeroom/homeroom/internal/allowance"
	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Deps are the handlers behind the server, and what the server needs itself. A handler
// that is nil does not exist for clients.
type Deps struct {
	// GraphQL answers at /graphql. The server has checked the origin of every request,
	// including that of a WebSocket, and limits the body. Whatever the handler answers to a
	// body that is too large, the client gets a 413.
	GraphQL http.Handler
	// GraphiQL answers at /graphiql and below.
	GraphiQL http.Handler
	// Home answers at / only. If it is nil, the dashboard answers there.
	Home http.Handler
	// Dashboard answers at those addresses that nothing else takes and that it knows. It
	// returns false for others.
	Dashboard func(http.ResponseWriter, *http.Request) bool
	// Password answers at /account/set-password only.
	Password http.Handler
	// Security answers at /account/security only.
	Security http.Handler
	// SSO answers below /account/sso/.
	SSO http.Handler
	// Downloads answers below /downloads/.
	Downloads http.Handler

	DB  *database.DB
	Log *slog.Logger
	// Folder is the data folder, whose disk must have room; it is empty if there is none.
	Folder string
	// Asked is called for every request; it may be nil.
	Asked func()
	// Connections is how many connections may be open before idle ones are closed; 0
	// stands for what the operating system allows.
	Connections int
	// Uploads is how long an upload may take in addition to a second for each 32 KiB; 0
	// stands for a minute.
	Uploads time.Duration
}

// Server is an http.Handler that can also serve a listener.
type Server struct {
	cfg     config.Server
	db      *database.DB
	log     *slog.Logger
	mux     *http.ServeMux
	cors    *cors.Cors
	asked   func()
	origins *http.CrossOriginProtection
	// most is how many connections may be open.
	most int
	// looking finds out whether the database can be used.
	looking singleflight.Group
	// https is true if browsers reach the server by HTTPS, through a proxy or not.
	https bool

	// draining ends when the server starts to stop.
	draining context.Context
	drain    context.CancelFunc
	running  sync.WaitGroup
	uploads  time.Duration
	folder   string
	// work is the memory that requests hold until they are answered; crowded logs that
	// there is no room for more.
	work    *allowance.Pool
	crowded *crowd
}

// New returns a server. The configuration must have been validated.
func New(cfg config.Server, deps Deps) *Server {
	s := &Server{
		cfg: cfg, db: deps.DB, asked: deps.Asked,
		log:     slog.New(NewLogHandler(deps.Log.Handler())),
		mux:     http.NewServeMux(),
		cors:    sharing(cfg.AllowedOrigins),
		origins: protection(cfg),
		work:    allowance.NewPool(),
		most:    cmp.Or(deps.Connections, mostConnections()),
		uploads: cmp.Or(deps.Uploads, uploadFrom),
		folder:  deps.Folder,
		https:   strings.HasPrefix(cfg.PublicURL, "https://"),
	}
	s.crowded = &crowd{counts: map[string]int{}, log: func(r *http.Request, counts map[string]int) {
		s.log.WarnContext(r.Context(), "requests were refused or cut off, because others took all the room",
			"refused", counts["refused"], "cut_off", counts["cut off"], "network", viewer.OriginOf(r.Context()).Network())
	}}
	if s.asked == nil {
		s.asked = func() {}
	}
	s.draining, s.drain = context.WithCancel(context.Background())
	for pattern, h := range s.routes(deps) {
		if h != nil {
			s.mux.Handle(pattern, h)
		}
	}
	return s
}

// routes returns the handlers by their patterns.
func (s *Server) routes(deps Deps) map[string]http.Handler {
	return map[string]http.Handler{
		graphQLPath:             deps.GraphQL,
		"/graphiql":             deps.GraphiQL,
		"/graphiql/":            deps.GraphiQL,
		"/downloads/":           deps.Downloads,
		"/{$}":                  deps.Home,
		"/account/set-password": deps.Password,
		"/account/security":     deps.Security,
		"/account/sso/":         deps.SSO,
		"/healthz":              http.HandlerFunc(s.healthz),
		"/readyz":               http.HandlerFunc(s.readyz),
		"/":                     orNotFound(deps.Dashboard),
	}
}

// Patterns returns the patterns under which a server can answer, sorted, in the form of
// http.ServeMux. A test compares the table of who gets what with it.
func Patterns() []string { return slices.Sorted(maps.Keys((&Server{}).routes(Deps{}))) }

const graphQLPath = "/graphql"

// Limits that no operator needs to set.
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	// maxHeaderBytes is far more than browsers send and proxies let through.
	maxHeaderBytes = 32 << 10
)

// overHTTP2 returns the limits of an HTTP/2 connection. What a client sends waits in
// memory until a handler reads it; the limit is just enough to keep a connection busy.
func overHTTP2() *http.HTTP2Config {
	return &http.HTTP2Config{
		MaxConcurrentStreams:          100,
		MaxReceiveBufferPerConnection: 128 << 10,
		MaxReceiveBufferPerStream:     64 << 10,
		MaxReadFrameSize:              16 << 10,
		MaxDecoderHeaderTableSize:     4 << 10,
		MaxEncoderHeaderTableSize:     4 << 10,
		SendPingTimeout:               idleTimeout,
		WriteByteTimeout:              idleTimeout,
	}
}

// Serve answers requests until ctx ends. Then it accepts no new ones, and waits for the
// running ones up to the shutdown timeout. Streams end at once. It returns nil if all
// requests could finish.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	// A running request must not end because the server wants to stop, but must end when
	// the shutdown timeout is over.
	base, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	open := newConnections(s.most, func(a netip.Addr) bool { return isProxy(s.cfg.TrustedProxies, a) })
	server := &http.Server{
		Handler:           s,
		BaseContext:       func(net.Listener) context.Context { return base },
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		ConnState:         open.state,
		ConnContext:       withConn,
		MaxHeaderBytes:    maxHeaderBytes,
		HTTP2:             overHTTP2(),
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	listener = newArriving(arrivingEach, arrivingAll).listener(listener, open)
	serve := server.Serve
	if s.cfg.TLS.On() {
		shown, err := newCertificate(s.cfg.TLS, s.log)
		if err != nil {
			return err
		}
		server.TLSConfig = shown.config()
		serve = func(l net.Listener) error { return server.ServeTLS(l, "", "") }
		watching, stop := context.WithCancel(base)
		var watch sync.WaitGroup
		watch.Go(func() { shown.watch(watching) })
		defer watch.Wait()
		defer stop()
	}
	failed := make(chan error, 1)
	go func() { failed <- serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	s.drain()
	limit, cancel := context.WithTimeout(base, s.cfg.ShutdownTimeout)
	defer cancel()
	err := server.Shutdown(limit)
	if err == nil {
		err = s.wait(limit)
	}
	if err != nil {
		cut()
		_ = server.Close()
		return fmt.Errorf("requests that were still running %v after the server began to stop were cut "+
			"off", s.cfg.ShutdownTimeout)
	}
	return nil
}

// wait waits for WebSockets, which Shutdown does not see.
func (s *Server) wait(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.running.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.running.Add(1)
	defer s.running.Done()
	s.asked()
	start, id := time.Now(), requestIDOf(r)
	ctx, counter := database.WithCounter(withOrigin(r.Context(), r, s.cfg.TrustedProxies, id))
	a := newAnswer(w, id, s.cfg.RequestTimeout)
	a.http2, a.ctx = r.ProtoMajor == 2, ctx
	defer works(ctx)()
	r = r.WithContext(viewer.WithTold(ctx, a.told))
	if s.enter(a, r) != nil {
		a.work.Leave()
		s.refuse(a, r)
		return
	}
	defer func() { a.work.Leave() }()
	defer func() { s.logRequest(r, a, counter, time.Since(start)) }()
	defer s.contain(r, a)

	harden(a.Header(), id)
	if r.TLS != nil || s.https {
		a.Header().Set("Strict-Transport-Security", "max-age=31536000")
	}
	s.cors.ServeHTTP(a, r, func(_ http.ResponseWriter, r *http.Request) {
		if s.fromElsewhere(r) {
			a.fail(http.StatusForbidden, "FORBIDDEN",
				"this web page may not use the API; the operator can allow its origin with --allowed-origins")
			return
		}
		s.limit(a, r)
	})
	a.finish()
}

// harden sets the headers of every answer. A page that needs more, such as scripts,
// replaces the policy.
func harden(h http.Header, id string) {
	h.Set(requestIDHeader, id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
}

// orNotFound answers requests that neither a pattern nor the dashboard, if there is one,
// takes.
func orNotFound(dashboard func(http.ResponseWriter, *http.Request) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if dashboard == nil || !dashboard(w, r) {
			notFound(w, r)
		}
	})
}

func notFound(w http.ResponseWriter, r *http.Request) {
	writeError(w, http.StatusNotFound, "NOT_FOUND", "nothing is at this address; the API is at /graphql",
		RequestID(r.Context()))
}
