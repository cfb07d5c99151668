package sso

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/identity"
)

// askAgainAfter is how long a provider that did not answer is not asked again.
const askAgainAfter = 3 * time.Second

// provider is an OpenID provider. Its configuration is fetched when somebody needs it for
// the first time.
type provider struct {
	config.Provider
	redirect string
	client   *http.Client
	now      func() time.Time
	asking   singleflight.Group

	mu     sync.Mutex
	known  *oidc.Provider
	failed time.Time
	err    error
}

func newProvider(p config.Provider, o Options) *provider {
	return &provider{
		Provider: p,
		redirect: o.PublicURL + callbackPath(p.Name),
		client:   &http.Client{Timeout: patience},
		now:      o.Now,
	}
}

// Warm fetches the configuration of every provider, so that the first person does not wait
// and the operator learns early if one cannot be reached.
func (s *Service) Warm(ctx context.Context) {
	for _, p := range s.providers {
		if _, err := p.discover(ctx); err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "an OpenID provider does not answer; the server asks it again when somebody signs in there",
				"provider", p.Name, "issuer", p.Issuer, "error", err)
		}
	}
}

// discover returns the configuration of the provider. Requests that come at the same time
// wait for one answer.
func (p *provider) discover(ctx context.Context) (*oidc.Provider, error) {
	if known, err, fresh := p.remembered(); fresh {
		return known, err
	}
	answer := p.asking.DoChan("", func() (any, error) {
		if known, err, fresh := p.remembered(); fresh {
			return known, err
		}
		// Do not use the context of a request: others wait for the answer as well.
		limited, cancel := context.WithTimeout(oidc.ClientContext(context.Background(), p.client), patience)
		defer cancel()
		known, err := oidc.NewProvider(limited, p.Issuer)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.known, p.err, p.failed = known, err, p.now()
		return known, err
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case a := <-answer:
		known, _ := a.Val.(*oidc.Provider)
		return known, a.Err
	}
}

func (p *provider) remembered() (known *oidc.Provider, err error, fresh bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.known, p.err, p.known != nil || p.err != nil && p.now().Sub(p.failed) < askAgainAfter
}

// oauth returns the client of the provider.
func (p *provider) oauth(known *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID:     p.ClientID,
		ClientSecret: p.ClientSecret.Reveal(),
		Endpoint:     known.Endpoint(),
		RedirectURL:  p.redirect,
		Scopes:       p.Scopes,
	}
}

// claims are what Homeroom reads from an ID token, or from the user info.
type claims struct {
	Email string `json:"email"`
	// Some providers write "true".
	Verified any    `json:"email_verified"`
	Party    string `json:"azp"`
	// OwnerVerified is what Microsoft's provider sends instead: the owner of the domain
	// vouches for the address. From any other provider the claim means nothing.
	OwnerVerified any `json:"xms_edov"`
}

func (c claims) verified(issuer string) bool {
	return isTrue(c.Verified) || isTrue(c.OwnerVerified) && knowsOwners(issuer)
}

// ownerIssuers are the hosts of the issuers that say whether the owner of a domain vouches
// for an address.
var ownerIssuers = []string{"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn",
	"sts.windows.net"}

func knowsOwners(issuer string) bool {
	u, err := url.Parse(issuer)
	return err == nil && u.Scheme == "https" && slices.Contains(ownerIssuers, u.Host)
}

func isTrue(v any) bool { return v == true || v == "true" || v == "1" || v == 1.0 }

var errNonce = errors.New("the token is not for this sign-in: its nonce is another one")

// exchange exchanges the code of a callback for the person, as the provider names that
// person to this client for this sign-in.
func (p *provider) exchange(ctx context.Context, known *oidc.Provider, code, verifier,
	nonce string) (identity.External, error) {
	ctx = oidc.ClientContext(ctx, p.client)
	client := p.oauth(known)
	tokens, err := client.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return identity.External{}, quiet(err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	token, err := known.VerifierContext(ctx, &oidc.Config{ClientID: p.ClientID, Now: p.now}).Verify(ctx, raw)
	if err != nil {
		return identity.External{}, fmt.Errorf("the ID token: %w", err)
	}
	if token.Nonce != nonce {
		return identity.External{}, errNonce
	}
	var c claims
	if err := token.Claims(&c); err != nil {
		return identity.External{}, fmt.Errorf("the ID token: %w", err)
	}
	if len(token.Audience) > 1 && c.Party != p.ClientID {
		return identity.External{}, errors.New("the ID token is for several clients and made for another one")
	}
	who := identity.External{
		Provider: p.Name,
		Issuer:   token.Issuer,
		Subject:  token.Subject,
		Email:    c.Email,
		Verified: c.verified(token.Issuer),
		Domains:  slices.Clone(p.Domains),
		Required: p.Required,
	}
	if c.Email == "" && known.UserInfoEndpoint() != "" {
		// Some providers put little into the ID token.
		info, err := known.UserInfo(ctx, client.TokenSource(ctx, tokens))
		if err != nil {
			return identity.External{}, fmt.Errorf("the user info: %w", err)
		}
		if info.Subject != token.Subject {
			return identity.External{}, errors.New("the user info is about somebody else than the ID token")
		}
		var more claims
		if err := info.Claims(&more); err != nil {
			return identity.External{}, fmt.Errorf("the user info: %w", err)
		}
		who.Email, who.Verified = more.Email, more.verified(token.Issuer)
	}
	return who, nil
}

// quiet removes the provider's answer from an error, because it may repeat the code.
func quiet(err error) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		return fmt.Errorf("the provider refused the code with status %d and error %q", refused.Response.StatusCode,
			refused.ErrorCode)
	}
	return err
}
