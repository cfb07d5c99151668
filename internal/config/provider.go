package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/quote"
)

// SignIn says how people sign in other than by password.
type SignIn struct {
	// Providers are the OpenID providers, in the order of their buttons.
	Providers []Provider
	// ProvidersFile is the file that lists them; empty if the list itself was given.
	ProvidersFile string
	// AppLinks are the addresses with which mobile apps continue a sign-in that took place
	// in the browser, such as org.example.homeroom:/signed-in.
	AppLinks []string
}

// Provider is an OpenID provider where people sign in, such as a district's Google
// Workspace.
type Provider struct {
	// Name is a part of the server's addresses, such as google.
	Name string `json:"name"`
	// Label is the name for people, on the button.
	Label string `json:"label"`
	// Issuer is the address of the provider, exactly as in its tokens.
	Issuer       string `json:"issuer"`
	ClientID     string `json:"clientId"`
	ClientSecret Hidden `json:"clientSecret"`
	// ClientSecretFile holds the secret, as an alternative.
	ClientSecretFile string   `json:"clientSecretFile"`
	Scopes           []string `json:"scopes"`
	// Domains are those of the addresses whose accounts the provider may open; empty for
	// all.
	Domains []string `json:"domains"`
	// Required disables passwords for the accounts of Domains.
	Required bool `json:"required"`
}

var defaultScopes = []string{"openid", "email", "profile"}

// SecretFiles are the files with the secrets of the providers.
func (s SignIn) SecretFiles() (files []string) {
	for _, p := range s.Providers {
		switch {
		case p.ClientSecretFile != "":
			files = append(files, p.ClientSecretFile)
		case s.ProvidersFile != "":
			files = append(files, s.ProvidersFile)
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(files)))
}

// providersFile is the path in a setting; empty if the setting is the list itself.
func providersFile(value string) string {
	if value = strings.TrimSpace(value); strings.HasPrefix(value, "[") {
		return ""
	}
	return value
}

// parseProviders reads the JSON list of providers, or the file with it. No error repeats
// its content.
func parseProviders(value string) ([]Provider, error) {
	value = strings.TrimSpace(value)
	if value == "" {
		return nil, nil
	}
	text := []byte(value)
	if file := providersFile(value); file != "" {
		var err error
		if text, err = os.ReadFile(file); err != nil {
			return nil, fmt.Errorf("is neither a JSON list nor a file that can be read: %w", pathless(err))
		}
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var list []Provider
	if err := d.Decode(&list); err != nil {
		return nil, fmt.Errorf("is not a list of providers: %s", whatIsWrong(err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("has more text after the list of providers")
	}
	for i := range list {
		if err := list[i].complete(); err != nil {
			return nil, fmt.Errorf("%s: %w", list[i].called(i), err)
		}
	}
	return list, nil
}

// complete fills in what follows from the rest.
func (p *Provider) complete() error {
	if p.ClientSecretFile != "" {
		if p.ClientSecret != "" {
			return errors.New("give either clientSecret or clientSecretFile")
		}
		text, err := os.ReadFile(p.ClientSecretFile)
		if err != nil {
			return fmt.Errorf("clientSecretFile cannot be read: %w", pathless(err))
		}
		p.ClientSecret = Hidden(strings.TrimSpace(string(text)))
	}
	if p.Label == "" {
		p.Label = p.Name
	}
	if len(p.Scopes) == 0 {
		p.Scopes = slices.Clone(defaultScopes)
	}
	for i, domain := range p.Domains {
		p.Domains[i] = fold.Domain(strings.TrimPrefix(strings.TrimSpace(domain), "@"))
	}
	return nil
}

// called names a provider in a message.
func (p Provider) called(i int) string {
	if p.Name == "" {
		return fmt.Sprintf("provider %d", i+1)
	}
	return "provider " + quote.Text(p.Name)
}

// pathless is the cause of a file error. The path may be the JSON text itself, with a
// secret in it.
func pathless(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func whatIsWrong(err error) string {
	var syntax *json.SyntaxError
	var field *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("the JSON is invalid at byte %d", syntax.Offset)
	case errors.As(err, &field):
		return quote.Text(field.Field) + " has the wrong form"
	case strings.HasPrefix(err.Error(), "json: unknown field "):
		return "there is no setting " + strings.TrimPrefix(err.Error(), "json: unknown field ")
	default:
		return "the JSON is not complete"
	}
}

var (
	providerName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$`)
	mailDomain   = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)
	// appScheme has a dot: such a scheme is a domain name backwards, which other apps do
	// not use by accident.
	appScheme = regexp.MustCompile(`^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+$`)
)

// Validate reports everything that is wrong, without contacting a provider. A provider
// sends browsers back to the public URL, which it must know in advance.
func (s SignIn) Validate(publicURL string) error {
	var problems []error
	names, issuers := map[string]bool{}, map[string]bool{}
	for i, p := range s.Providers {
		add := func(format string, args ...any) {
			problems = append(problems, problem("oidc-providers", "%s: %s", p.called(i), fmt.Sprintf(format, args...)))
		}
		switch {
		case !providerName.MatchString(p.Name):
			add("name must be 1 to 32 lower-case letters, digits and hyphens; it is part of addresses")
		case names[p.Name]:
			add("two providers have the same name")
		}
		if err := checkIssuer(p.Issuer); err != nil {
			add("issuer %v", err)
		} else if issuers[p.Issuer] {
			add("two providers have the same issuer, so that one person would count as two")
		}
		names[p.Name], issuers[p.Issuer] = true, true
		if p.ClientID == "" {
			add("clientId is missing; you got it from the provider")
		}
		if p.ClientSecret == "" {
			add("clientSecret is missing; write it, or give the path of a file that holds it as clientSecretFile")
		}
		if !slices.Contains(p.Scopes, "openid") || !slices.Contains(p.Scopes, "email") {
			add("scopes must include openid and email, because accounts are found by them")
		}
		for _, domain := range p.Domains {
			if !mailDomain.MatchString(domain) {
				add("%s is not a domain, such as example.org", quote.Text(domain))
			}
		}
		if p.Required && len(p.Domains) == 0 {
			add("required needs domains: the domains whose accounts cannot sign in with a password")
		}
	}
	if len(s.Providers) > 0 && publicURL == "" {
		problems = append(problems,
			problem("public-url", "is required with --oidc-providers, because providers send browsers back to this address"))
	}
	for _, link := range s.AppLinks {
		if u, err := url.Parse(link); err != nil || u.Fragment != "" || u.RawQuery != "" || u.User != nil ||
			u.Scheme != "https" && !appScheme.MatchString(u.Scheme) || u.Scheme == "https" && u.Host == "" {
			problems = append(problems,
				problem("app-links", "%s is not the address of an app; write org.example.app:/path, or https://host/path",
					quote.Text(redact(link))))
		}
	}
	return errors.Join(problems...)
}

// maxIssuer is the longest issuer in the database.
const maxIssuer = 255

func checkIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || len(issuer) > maxIssuer:
		return errors.New(
			"must be the address of the provider, such as https://accounts.google.com, exactly as it stands in its tokens")
	case u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	default:
		return errors.New("must begin with https://: without it, an attacker on the network can sign in as anybody")
	}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func parseLinks(s string) ([]string, error) {
	var links []string
	for entry := range strings.SplitSeq(s, ",") {
		if entry = strings.TrimSpace(entry); entry != "" && !slices.Contains(links, entry) {
			links = append(links, entry)
		}
	}
	return links, nil
}
