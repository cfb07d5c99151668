package config

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/openhomeroom/homeroom/internal/quote"
)

// Server is the configuration of the HTTP server.
type Server struct {
	// Addr is host:port. Without a host, the server listens on all addresses.
	Addr string
	// PublicURL is the origin at which people reach the server, such as
	// https://homeroom.example.org, without a trailing slash. If it is empty, addresses
	// stay relative.
	PublicURL string
	// InsecureHTTP lets the server speak HTTP to other machines without a proxy.
	InsecureHTTP bool
	// TLS is the certificate for HTTPS.
	TLS TLS
	// AllowedOrigins are the origins of other web pages that may use the API.
	AllowedOrigins []string
	// TrustedProxies are the networks of proxies whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// ShutdownTimeout is how long running requests may take to finish.
	ShutdownTimeout time.Duration
	// MaxUploadBytes limits a request with a file, and MaxRequestBytes any other.
	MaxUploadBytes  int64
	MaxRequestBytes int64
	// RequestTimeout limits a request without a file whose answer is not a stream.
	RequestTimeout time.Duration
	// JobLease is how long a server may be silent before it loses a bulk job.
	JobLease time.Duration
	// PurgeHour is the hour of the day, in UTC, at which the purge of students whose
	// retention is over may start.
	PurgeHour int
}

// Validate reports everything that is wrong.
func (s Server) Validate() error {
	var problems []error
	add := func(flag, format string, args ...any) {
		problems = append(problems, problem(flag, format, args...))
	}
	if !isAddress(s.Addr) {
		add("addr", "%s is not an address; write host:port, such as 127.0.0.1:8080, or :8080 for all interfaces",
			quote.Text(s.Addr))
	}
	if isAddress(s.Addr) && isOpen(s.Addr) && !s.TLS.On() && !s.InsecureHTTP && len(s.TrustedProxies) == 0 {
		add("addr", "%s can be reached from other machines, and passwords sent over HTTP can be read on the "+
			"way; give the server a certificate (--tls-cert and --tls-key), or name the proxy in front of it that speaks HTTPS "+
			"(--trusted-proxies), or allow HTTP on a network where nobody can listen (--insecure-http)", quote.Text(s.Addr))
	}
	if s.PublicURL != "" {
		if _, err := parseOrigin(s.PublicURL); err != nil {
			add("public-url", "%v", err)
		}
	}
	for _, o := range s.AllowedOrigins {
		if _, err := parseOrigin(o); err != nil {
			add("allowed-origins", "%v", err)
		}
	}
	if s.ShutdownTimeout < 0 || s.ShutdownTimeout > 10*time.Minute {
		add("shutdown-timeout", "%v is not between 0s and 10m", s.ShutdownTimeout)
	}
	if s.RequestTimeout < time.Second || s.RequestTimeout > time.Hour {
		add("request-timeout", "%v is not between 1s and 1h", s.RequestTimeout)
	}
	if s.JobLease < time.Second || s.JobLease > 10*time.Minute {
		add("job-lease", "%v is not between 1s and 10m; 20s outlasts a short outage of the database", s.JobLease)
	}
	if s.PurgeHour < 0 || s.PurgeHour > 23 {
		add("purge-hour", "%d is not an hour of the day, 0 to 23", s.PurgeHour)
	}
	if s.MaxRequestBytes < 1<<10 {
		add("max-request-bytes", "%d bytes are too few for an ordinary request; 1KiB is the least", s.MaxRequestBytes)
	}
	if s.MaxUploadBytes < s.MaxRequestBytes {
		add("max-upload-bytes", "%s is less than the %s of --max-request-bytes; an upload needs at least as much",
			formatSize(s.MaxUploadBytes), formatSize(s.MaxRequestBytes))
	}
	return errors.Join(append(problems, s.TLS.Validate())...)
}

// isOpen reports whether other machines reach an address.
func isOpen(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && !isLoopback(host)
}

func isAddress(s string) bool {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && strconv.FormatUint(n, 10) == port
}
