package httpd

import (
	"context"
	"crypto/tls"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/openhomeroom/homeroom/internal/config"
)

// lookEvery is how often the files of the certificate are read. Certificates are replaced
// in many ways; only the content of the files always tells.
const lookEvery = 2 * time.Second

// certificate is the server's certificate. It changes with its files.
type certificate struct {
	files   config.TLS
	log     *slog.Logger
	current atomic.Pointer[tls.Certificate]
	// seen is what was read last, usable or not.
	seen config.Pair
}

// newCertificate reads the files. The configuration has checked them.
func newCertificate(files config.TLS, log *slog.Logger) (*certificate, error) {
	pair, err := files.Load(time.Now())
	if err != nil {
		return nil, err
	}
	c := &certificate{files: files, log: log, seen: pair}
	c.current.Store(pair.Certificate)
	return c, nil
}

func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current.Load(), nil },
	}
}

// watch loads new certificates until ctx ends. While the two files do not match, as
// between writing one and the other, the old certificate stays.
func (c *certificate) watch(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			c.look(ctx)
		}
	}
}

func (c *certificate) look(ctx context.Context) {
	pair, err := c.files.Load(time.Now())
	if pair.Same(c.seen) {
		return
	}
	c.seen = pair
	if err != nil {
		c.log.WarnContext(ctx,
			"the certificate files changed but cannot be used; the server keeps the old certificate", "error", err)
		return
	}
	c.current.Store(pair.Certificate)
	c.log.InfoContext(ctx, "the certificate has changed", "valid_until", pair.Certificate.Leaf.NotAfter)
}
