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
		AllowedHeaders:   []string{"Authorization", "Content-Type", requestIDHeader},
		ExposedHeaders:   []string{requestIDHeader, "Content-Disposition"},
		MaxAge:           600,
	})
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
