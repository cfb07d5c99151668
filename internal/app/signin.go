package app

import (
	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/httpd/page"
	"github.com/openhomeroom/homeroom/internal/sso"
)

// signInProviders are the ways to sign in, for clients of the API.
func signInProviders(cfg config.Config) []*model.SignInProvider {
	list := []*model.SignInProvider{}
	for _, p := range cfg.SignIn.Providers {
		list = append(list,
			&model.SignInProvider{Name: p.Name, Label: p.Label, StartURL: cfg.Server.PublicURL + sso.StartPath(p.Name)})
	}
	return list
}

// buttons are the ways to sign in to a page. People return to that page afterwards.
func buttons(cfg config.Config, to string) []page.Provider {
	var list []page.Provider
	for _, p := range cfg.SignIn.Providers {
		list = append(list, page.Provider{Label: p.Label, Address: sso.StartPath(p.Name) + "?return=" + to})
	}
	return list
}
