package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/openhomeroom/homeroom/graph"
	"github.com/openhomeroom/homeroom/graph/document"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/dashboard"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/httpd"
	"github.com/openhomeroom/homeroom/internal/httpd/page"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

const (
	// recountEvery is how often the server looks for school years that have started.
	recountEvery = 10 * time.Minute
	// uploadMemory is how much of an upload is kept in memory, in bytes.
	uploadMemory = 4 << 20
)

func (a *app) serve() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the server",
		Long: `Brings the tables of the database up to date and runs the server on it. Every setting is a flag or an
environment variable; the flag wins. All settings are checked before anything starts.

Several servers may share one MySQL or MariaDB database; give them the same secret key.`,
		Example: `  HOMEROOM_DATABASE_URL=mysql://homeroom:secret@db.example.org/homeroom homeroom serve --addr :8443 --tls-cert cert.pem --tls-key key.pem
  homeroom serve --database-url sqlite:/var/lib/homeroom/homeroom.db --data /var/lib/homeroom`,
		Args: noArguments,
	}
	loader := config.NewLoader(cmd.Flags(), config.DatabaseSection, config.ServerSection, config.APISection,
		config.LimitSection, config.UploadSection, config.SessionSection, config.SignInSection, config.SecretSection,
		config.MailSection, config.LogSection)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := loader.Load(a.getenv)
		if err != nil {
			return err
		}
		return a.run(cmd.Context(), cfg, slog.New(database.NewLogHandler(cfg.Log.Handler(a.err))),
			func(ctx context.Context, d *database.DB, address string) error {
				fmt.Fprintf(a.err, "Homeroom %s serves %s\n", Version(), address)
				return nil
			})
	}
	return cmd
}

// run serves until ctx ends. It calls ready when it listens and the tables are up to date,
// before it answers the first request.
func (a *app) run(ctx context.Context, cfg config.Config, log *slog.Logger,
	ready func(ctx context.Context, d *database.DB, address string) error) error {
	warnOfOpenFiles(ctx, cfg, log)
	secret, err := cfg.Secret.Load()
	if err != nil {
		return err
	}
	// Listening comes first, because it is what fails most often.
	listener, err := listen(ctx, cfg.Server.Addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	d, err := openMigrated(ctx, cfg.Database.URL.Reveal())
	if err != nil {
		return err
	}
	defer d.Close()
	// The tables are up to date. The rest is quick.
	d.BoundStatements(cfg.Limits.StatementTimeout)
	address := "http://" + shownAddress(listener)
	if cfg.Server.TLS.On() {
		address = "https://" + shownAddress(listener)
	}
	people := accounts{linkBase: cmp.Or(cfg.Server.PublicURL, address)}
	if people.send, err = mailer(cfg.Mail, a.now); err != nil {
		return err
	}
	if cfg.Mail.Print {
		people.send = a.printMail
	}
	s, err := newServices(d, secret, cfg, people, a.now, log)
	if err != nil {
		return err
	}
	if err := ready(ctx, d, address); err != nil {
		return err
	}
	return s.serve(ctx, cfg, listener, log)
}

// serve answers requests and works on jobs until ctx ends.
func (s *services) serve(ctx context.Context, cfg config.Config, listener net.Listener, log *slog.Logger) error {
	// The audit trail outlives the last answer.
	trail, stopTrail := context.WithCancel(context.WithoutCancel(ctx))
	var trailed sync.WaitGroup
	trailed.Go(func() { _ = s.audit.Run(trail) }) // ends with trail, and logs its errors
	defer trailed.Wait()
	defer stopTrail()
	work, stopWork := context.WithCancel(ctx)
	var background sync.WaitGroup
	defer background.Wait()
	defer stopWork()
	background.Go(func() {
		if err := s.importer.Run(work); err != nil && !errors.Is(err, context.Canceled) {
			log.ErrorContext(work, "the worker for bulk jobs ended", "error", err)
		}
	})
	background.Go(func() { s.recountForever(work, log) })
	background.Go(func() { s.resealForever(work, cfg, log) })
	background.Go(func() { _ = s.privacy.Run(work, cfg.Server.PurgeHour) }) // ends with work, and logs its errors
	background.Go(func() { _ = s.privacy.RunErasures(work) })
	background.Go(func() { _ = s.settings.Run(work) })
	background.Go(func() { s.sso.Warm(work) })
	background.Go(func() { _ = s.identity.Run(work) }) // ends with work, and logs its errors
	return httpd.New(cfg.Server, s.handlers(cfg, log)).Serve(ctx, listener)
}

// handlers are the handlers of the server's addresses.
func (s *services) handlers(cfg config.Config, log *slog.Logger) httpd.Deps {
	secure := strings.HasPrefix(cfg.Server.PublicURL, "https://")
	endpoint := graph.NewHandler(&graph.Resolver{
		DB:         s.db,
		Identity:   s.identity,
		Roster:     s.roster,
		Settings:   s.settings,
		Privacy:    s.privacy,
		Usage:      s.usage,
		Notify:     s.notify,
		Importer:   s.importer,
		Downloads:  s.downloads,
		Audit:      s.audit,
		Operations: s.operation,
		Providers:  signInProviders(cfg),
		Log:        log,
	}, limitsOf(cfg))
	deps := httpd.Deps{
		GraphQL:  graph.Authenticate(s.identity, secure, log, endpoint),
		Password: page.SetPassword("/graphql"),
		Security: graph.Authenticate(s.identity, secure, log,
			page.Security("/graphql", signedIn, buttons(cfg, page.SecurityPath)...)),
		SSO:       s.sso,
		Downloads: s.downloads,
		DB:        s.db,
		Log:       log,
		Folder:    cfg.Secret.DataDir,
		Asked: func() {
			s.turns.Ask()
			s.exports.Ask()
		},
	}
	if cfg.API.Dashboard {
		deps.Dashboard = dashboard.New().Serve
	} else {
		deps.Home = page.Home(page.Info{
			Version: Version(), Database: kindNamesOf[s.db.Kind()], Endpoint: cfg.Server.PublicURL + "/graphql",
			GraphiQL: cfg.API.GraphiQL != config.Off,
		})
	}
	if cfg.API.GraphiQL != config.Off {
		deps.GraphiQL = graph.Authenticate(s.identity, secure, log,
			page.GraphiQL("/graphql", s.accessToGraphiQL, buttons(cfg, page.Path)...))
	}
	return deps
}

var introspection = map[string]document.Introspection{
	config.ForAdministrators: document.ForAdministrators,
	config.ForEverybody:      document.ForEverybody,
	config.Off:               document.ForNobody,
}

var running = map[string]document.Running{
	config.AnyOperation: document.AnyOperation, config.RegisteredOperations: document.RegisteredOperations,
	config.RegisteredOrAdministrators: document.RegisteredOrAdministrators,
}

// limitsOf are the limits of the endpoint as the operator has set them. A limit that is
// not set has its default.
func limitsOf(cfg config.Config) graph.Limits {
	l := cfg.Limits
	return graph.Limits{
		Introspection:    introspection[cfg.API.Introspection],
		Running:          running[cfg.API.Operations],
		OwnOperations:    ownOperations(cfg.API),
		UploadBytes:      cfg.Server.MaxUploadBytes,
		UploadMemory:     uploadMemory,
		Uploads:          l.Uploads,
		UploadStorage:    l.UploadStorage,
		RequestBytes:     cfg.Server.MaxRequestBytes,
		BodyMemory:       l.BodyMemory,
		Sockets:          l.Sockets,
		AllSockets:       l.AllSockets,
		NewSockets:       l.NewSockets,
		AllNewSockets:    l.AllNewSockets,
		DocumentBytes:    int(l.DocumentBytes),
		Tokens:           l.Tokens,
		Depth:            l.Depth,
		Fields:           l.Fields,
		Aliases:          l.Aliases,
		RootFields:       l.RootFields,
		Complexity:       l.Complexity,
		Operations:       l.Operations,
		Subscriptions:    l.Subscriptions,
		AllSubscriptions: l.AllSubscriptions,
	}
}

// ownOperations are the documents that the server's own pages send.
func ownOperations(api config.API) []string {
	documents := page.Operations()
	if api.Dashboard {
		documents = append(documents, dashboard.Operations()...)
	}
	return documents
}

var kindNamesOf = map[database.Kind]string{database.SQLite: "SQLite", database.MySQL: "MySQL or MariaDB"}

// signedIn reports whether somebody has a session, even one that is only good for setting
// up a second factor.
func signedIn(req *http.Request) bool {
	v := viewer.FromContext(req.Context())
	return v != nil && v.SessionID != 0
}

func (s *services) accessToGraphiQL(req *http.Request) page.Access {
	v := viewer.FromContext(req.Context())
	if v == nil {
		return page.SignedOut
	}
	if v.BeforeSecondFactor {
		return page.BeforeSecondFactor
	}
	ctx := viewer.WithOperation(req.Context(), page.Path)
	who := audit.ActorOfViewer(v)
	e := audit.Event{Action: audit.GraphiQLOpened, DistrictID: who.DistrictID, OrganizationID: who.OrganizationID}
	if v.IsAdmin() {
		// The page contains nobody's data. What its operations read is recorded first.
		_ = s.audit.Read(ctx, e)
		return page.Administrator
	}
	e.Action, e.Code = audit.AccessRefused, "FORBIDDEN"
	s.audit.Refused(ctx, e)
	return page.SignedIn
}

// recountForever keeps the usage sums up to date when a school year starts.
func (s *services) recountForever(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(recountEvery)
	defer tick.Stop()
	for {
		if n, err := s.usage.Recount(viewer.AsSystem(ctx, "school years that have begun")); err != nil && ctx.Err() == nil {
			log.ErrorContext(ctx, "recount usage", "error", err)
		} else if n > 0 {
			log.InfoContext(ctx, "recounted the usage of schools whose school year begins on another day", "schools", n)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.recount:
		}
	}
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	var listening net.ListenConfig
	listener, err := listening.Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("the address %s is in use; stop the other program, or choose another address with --addr",
			address)
	}
	return listener, err
}

// shownAddress is the address of a listener in a form that opens in a browser.
func shownAddress(l net.Listener) string {
	host, port, err := net.SplitHostPort(l.Addr().String())
	if ip := net.ParseIP(host); err != nil || ip != nil && ip.IsUnspecified() {
		return net.JoinHostPort("localhost", port)
	}
	return net.JoinHostPort(host, port)
}
