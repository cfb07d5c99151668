package app

import (
	"context"
	"log/slog"
	"runtime"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/graph"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/download"
	"github.com/openhomeroom/homeroom/internal/export"
	"github.com/openhomeroom/homeroom/internal/identity"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/catalog"
	"github.com/openhomeroom/homeroom/internal/job/queue"
	"github.com/openhomeroom/homeroom/internal/notify"
	"github.com/openhomeroom/homeroom/internal/operation"
	"github.com/openhomeroom/homeroom/internal/passwd"
	"github.com/openhomeroom/homeroom/internal/privacy"
	"github.com/openhomeroom/homeroom/internal/probe"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/setting"
	"github.com/openhomeroom/homeroom/internal/sso"
	"github.com/openhomeroom/homeroom/internal/turn"
	"github.com/openhomeroom/homeroom/internal/usage"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// services are the services on one database.
type services struct {
	db       *database.DB
	audit    *audit.Service
	hasher   *passwd.Hasher
	identity *identity.Service
	roster   *roster.Service
	settings *setting.Service
	// recount is sent to when a school year may have changed.
	recount  chan struct{}
	usage    *usage.Service
	notify   *notify.Service
	importer *jobs.Service
	turns    *turn.Turns
	// exports limits the files that are made for people at one time. Imports are not
	// limited by it, because they may be what a file waits for.
	exports   *turn.Turns
	privacy   *privacy.Service
	downloads *download.Service
	sso       *sso.Service
	operation *operation.Service
	now       func() time.Time
	// again are the flags with which another command finds the same data.
	again string
}

// accounts is how people get links. The zero value sends none.
type accounts struct {
	linkBase string
	send     func(ctx context.Context, m identity.Mail) error
}

// mailer returns what sends mails through the configured server, or nil.
func mailer(cfg config.Mail, now func() time.Time) (func(ctx context.Context, m identity.Mail) error, error) {
	if cfg.SMTP == "" {
		return nil, nil
	}
	server, err := cfg.Server(now)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, m identity.Mail) error { return server.Send(ctx, m.To, m.Subject, m.Text) }, nil
}

// newServices wires the services. secret is the server's secret key.
func newServices(d *database.DB, secret []byte, cfg config.Config, people accounts, now func() time.Time,
	log *slog.Logger) (*services, error) {
	s := &services{
		db:      d,
		audit:   audit.New(d, now, log),
		hasher:  passwd.NewHasher(passwd.DefaultCost),
		recount: make(chan struct{}, 1),
		turns:   turn.New(runtime.GOMAXPROCS(0), now),
		exports: turn.New(runtime.GOMAXPROCS(0), now),
		now:     now,
	}
	factors, err := secondFactors(secret, cfg.Secret.OldKeys(), people.linkBase, cfg.Server.AllowedOrigins, log)
	if err != nil {
		return nil, err
	}
	probes := probe.New(d, cfg.Uploads.TakenAnswers, now, log)
	s.identity = identity.New(d, identity.Options{
		Hasher: s.hasher, Audit: s.audit, Probes: probes, Lifetime: cfg.Session.Lifetime, Idle: cfg.Session.IdleTimeout,
		Send: people.send, LinkBase: people.linkBase, ProviderOf: sso.ProviderOf(cfg.SignIn.Providers),
		NamesOf: sso.NamesOf(cfg.SignIn.Providers), Factors: factors, Now: now, Log: log,
	})
	s.operation = operation.New(d, now)
	s.usage = usage.New(d, now, log)
	s.roster = roster.New(d,
		roster.Options{Hash: s.hasher.Hash, Recount: usage.RecountStudents, Taught: s.identity.Taught, Probes: probes,
			Now: now, Log: log})
	s.settings = setting.New(d, setting.Options{Changed: s.wakeRecount, Now: now, Log: log})
	s.notify = notify.New(d, s.usage, log)
	s.importer = jobs.New(d, jobs.Options{
		Key:     secret,
		OldKeys: cfg.Secret.OldKeys(),
		Hash:    s.hasher.Hash,
		Viewer:  s.identity.Viewer,
		Kinds:   catalog.Kinds(d, catalog.Needs{Recount: usage.RecountStudents, Guard: s.identity.Guard(), Now: now}),
		Turn:    s.turns.Take,
		Probes:  probes,
		Quotas: queue.Quotas{
			Person:   queue.Quota(cfg.Uploads.Person),
			Key:      queue.Quota(cfg.Uploads.Key),
			District: queue.Quota(cfg.Uploads.District),
		},
		CheckTime: cfg.Uploads.CheckTime,
		Lease:     cfg.Server.JobLease,
		Now:       now,
		Log:       log,
	})
	s.privacy = privacy.New(d, privacy.Options{Importer: s.importer, Now: now, Log: log})
	s.downloads, err = download.New(download.Options{
		Secret:        secret,
		OldSecrets:    cfg.Secret.OldKeys(),
		PublicURL:     cfg.Server.PublicURL,
		Notify:        s.notify,
		Export:        export.New(d, s.roster, s.usage),
		Importer:      s.importer,
		Privacy:       s.privacy,
		Audit:         s.audit,
		SessionViewer: s.identity.SessionViewer,
		KeyViewer:     s.identity.KeyViewer,
		Each:          cfg.Limits.Downloads,
		All:           cfg.Limits.AllDownloads,
		Turn:          s.exports.Take,
		Patience:      cfg.Server.RequestTimeout,
		Now:           now,
		Log:           log,
	})
	if err != nil {
		return nil, err
	}
	s.sso, err = sso.New(sso.Options{
		Providers: cfg.SignIn.Providers, AppLinks: cfg.SignIn.AppLinks, Secret: secret, PublicURL: cfg.Server.PublicURL,
		AllowedOrigins: cfg.Server.AllowedOrigins, Identity: s.identity, SetSession: graph.SetSession, Now: now, Log: log,
	})
	return s, err
}

// wakeRecount makes the server look at the usage sums soon.
func (s *services) wakeRecount() {
	select {
	case s.recount <- struct{}{}:
	default:
	}
}

// open connects to the configured database and brings its tables up to date.
func (a *app) open(ctx context.Context, loader *config.Loader) (*database.DB, error) {
	cfg, err := loader.Load(a.getenv)
	if err != nil {
		return nil, err
	}
	return openMigrated(ctx, cfg.Database.URL.Reveal())
}

// openServices does the same and passes the services to a command. The caller must close
// their database.
func (a *app) openServices(ctx context.Context, loader *config.Loader) (*services, error) {
	cfg, err := loader.Load(a.getenv)
	if err != nil {
		return nil, err
	}
	secret, err := cfg.Secret.Load()
	if err != nil {
		return nil, err
	}
	d, err := openMigrated(ctx, cfg.Database.URL.Reveal())
	if err != nil {
		return nil, err
	}
	s, err := newServices(d, secret, cfg, accounts{}, a.now, a.quietLog())
	if err != nil {
		d.Close()
		return nil, err
	}
	s.again = loader.Again()
	return s, nil
}

func openMigrated(ctx context.Context, url string) (*database.DB, error) {
	d, err := database.Open(ctx, url)
	if err != nil {
		return nil, err
	}
	done, err := d.Migrate(ctx)
	if err == nil {
		err = recordMigration(ctx, d, done)
	}
	if err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// recordMigration records what a migration has done. Mostly that is nothing.
func recordMigration(ctx context.Context, d *database.DB, done []string) error {
	if len(done) == 0 {
		return nil
	}
	return d.InTx(viewer.AsSystem(ctx, "migration of the tables"), func(ctx context.Context, _ *db.Client) error {
		audit.Record(ctx,
			audit.Event{
				Action: audit.DatabaseMigrated,
				Facts:  audit.Facts{"migrations": len(done), "newest": done[len(done)-1]},
			})
		return nil
	})
}
