package httpd

import (
	"net/http"
	"slices"

	"github.com/rs/cors"

	"github.com/openhomeroom/homeroom/internal/config"
)

// sharing lets pages of the allowed origins read answers. It refuses nothing; that is the
// job of protection.
func sharing(allowed []string) *cors.Cors {
	return cors.New(cors.Options{
		// In rs/cors, an empty list allows every origin; this function does not.
		AllowOriginFunc:  func(origin string) bool { return slices.Contains(allowed, origin) },
		AllowCredentials: true,
		AllowedMethods:   []string{http.MethodGet, http.MethodPost, http.MethodOptions},
		AllowedHeaders:   append([]string{"Authorization", "Content-Type", requestIDHeader}, clientHeaders...),
		ExposedHeaders:   []string{requestIDHeader, "Content-Disposition", "Retry-After"},
		MaxAge:           600,
	})
}

// clientHeaders are headers that GraphQL clients and tracing tools send by themselves. The
// server reads none of them, but a browser sends no request if one of them is not allowed.
var clientHeaders = []string{
	// Apollo: the name of the client, the name of the operation, and a header that forces
	// a preflight request.
	"Apollographql-Client-Name", "Apollographql-Client-Version", "X-Apollo-Operation-Name", "X-Apollo-Operation-Id",
	"Apollo-Require-Preflight", "GraphQL-Require-Preflight",
	// The same for others: GraphQL Hive, GraphQL Yoga, and the examples of urql and Relay.
	"GraphQL-Client-Name", "GraphQL-Client-Version", "X-GraphQL-Client-Name", "X-GraphQL-Client-Version",
	"X-Graphql-Yoga-Csrf", "X-Requested-With",
	// W3C Trace Context and Baggage, B3, and the headers of Sentry and Datadog.
	"Traceparent", "Tracestate", "Baggage", "B3", "X-B3-TraceId", "X-B3-SpanId", "X-B3-ParentSpanId", "X-B3-Sampled",
	"Sentry-Trace", "X-Datadog-Origin", "X-Datadog-Parent-Id", "X-Datadog-Sampling-Priority", "X-Datadog-Trace-Id",
	// Caches and streams: fetch with cache: "no-store", and EventSource after an interruption.
	"Cache-Control", "Pragma", "Last-Event-ID",
}

// protection refuses requests that a browser sends for a page of another origin. A
// multipart form does so without a preflight request.
func protection(cfg config.Server) *http.CrossOriginProtection {
	p := http.NewCrossOriginProtection()
	trusted := slices.Clone(cfg.AllowedOrigins)
	if cfg.PublicURL != "" {
		// Behind a proxy the server may not see the name that browsers use.
		trusted = append(trusted, cfg.PublicURL)
	}
	for _, origin := range trusted {
		if err := p.AddTrustedOrigin(origin); err != nil {
			panic("httpd: the configuration has not been validated: " + err.Error())
		}
	}
	return p
}

// fromElsewhere reports whether a request must be refused because of the page that sent
// it. The request that opens a WebSocket is a GET but gives the page full access, so it
// counts as a change.
func (s *Server) fromElsewhere(r *http.Request) bool {
	if isWebSocket(r) {
		r = r.WithContext(r.Context())
		r.Method = http.MethodPost
	}
	return s.origins.Check(r) != nil
}
