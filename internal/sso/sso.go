// Package sso signs people in at OpenID providers, with the authorization code flow, PKCE,
// a state and a nonce. It answers at two addresses for each provider:
//
//	/account/sso/{provider}/start     sends the browser to the provider
//	/account/sso/{provider}/callback  is where the provider sends it back
//
// # Invariants
//
//   - A sign-in ends in the browser in which it began. Everything that the callback must
//     know is encrypted in a cookie, which works once, within ten minutes.
//   - The browser is sent on only to pages of this server, to pages of the origins that
//     the operator allows, and to links of apps that the operator lists.
//   - The ID token says who a person is; its signature, issuer, audience, time and nonce
//     are checked. Package identity decides which account that person has, so nothing from
//     the provider gives a role.
//   - If a provider cannot be reached, everything else still works. The provider is asked
//     when somebody needs it, and again after a moment.
package sso

import (
	"crypto/cipher"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/openhomeroom/homeroom/internal/allowance"
	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/httpd/page"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/seal"
)

// Path is where the handler must be mounted; it handles everything below it.
const Path = "/account/sso/"

// StartPath is the page that sends the browser to a provider.
func StartPath(provider string) string { return Path + provider + "/start" }

func callbackPath(provider string) string { return Path + provider + "/callback" }

const (
	// flowLifetime is how long somebody may take at the provider.
	flowLifetime = 10 * time.Minute
	// patience is how long a provider may take to answer.
	patience = 10 * time.Second
	// atOnce is how many requests to providers may run at a time, and atOnceEach how many
	// from one network: anybody can open the start page, and each time costs the provider
	// something.
	atOnce     = 32
	atOnceEach = 8
)

// Service is an http.Handler for everything below Path.
type Service struct {
	Options
	providers map[string]*provider
	aead      cipher.AEAD
	busy      *allowance.Allowance[string]
	mux       *http.ServeMux
	page      func(w http.ResponseWriter, status int, refusal page.Refusal)
	second    func(w http.ResponseWriter, step page.Step, to string)
}

// Options are what a Service needs of the rest of the program.
type Options struct {
	Providers []config.Provider
	// AppLinks are the links through which apps receive a sign-in from the browser.
	AppLinks []string
	// Secret is the server's secret key; the key of the cookies is derived from it. A
	// sign-in that began with an old key must begin again, because others may know an old
	// key.
	Secret []byte
	// PublicURL is the address under which browsers reach the server.
	PublicURL string
	// AllowedOrigins are the origins of pages elsewhere that may use the API.
	AllowedOrigins []string
	Identity       *identity.Service
	// SetSession sets the session cookie in a browser.
	SetSession func(w http.ResponseWriter, secure bool, token string, expires time.Time)
	Now        func() time.Time
	Log        *slog.Logger
}

// New returns the service. It does not contact any provider yet.
func New(o Options) (*Service, error) {
	aead, err := seal.New(o.Secret, "homeroom single sign-on")
	if err != nil {
		return nil, err
	}
	s := &Service{
		Options: o, providers: map[string]*provider{}, aead: aead, busy: allowance.New[string](atOnceEach, atOnce),
		mux: http.NewServeMux(), page: page.SignInRefused(), second: page.SecondStep("/graphql"),
	}
	for _, p := range o.Providers {
		s.providers[p.Name] = newProvider(p, o)
	}
	s.mux.HandleFunc("GET "+Path+"{provider}/start", s.begin)
	s.mux.HandleFunc("GET "+Path+"{provider}/callback", s.end)
	s.mux.HandleFunc("/", http.NotFound)
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// ProviderOf returns the label of the provider by domain, for the domains whose accounts
// must sign in through it.
func ProviderOf(providers []config.Provider) map[string]string {
	labels := map[string]string{}
	for _, p := range providers {
		for _, domain := range p.Domains {
			if p.Required && labels[domain] == "" {
				labels[domain] = p.Label
			}
		}
	}
	return labels
}

// NamesOf returns the names of the providers at which the accounts of these domains
// may sign in.
func NamesOf(providers []config.Provider) map[string][]string {
	names := map[string][]string{}
	for _, p := range providers {
		for _, domain := range p.Domains {
			if p.Required {
				names[domain] = append(names[domain], p.Name)
			}
		}
	}
	return names
}

func (s *Service) secure(r *http.Request) bool {
	return r.TLS != nil || strings.HasPrefix(s.PublicURL, "https://")
}

// refuse shows a page that says what is wrong and what to do.
func (s *Service) refuse(w http.ResponseWriter, status int, back, message string) {
	s.page(w, status, page.Refusal{Message: message, Back: back})
}
