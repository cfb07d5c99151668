package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/factor"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/seal"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// secondFactors is what package identity needs for second factors. The address is the
// public one; it is empty for commands, because nobody signs in with them. Data that was
// encrypted with older keys can be read.
func secondFactors(secret []byte, older [][]byte, address string, origins []string,
	log *slog.Logger) (f identity.Factors, err error) {
	if f.Seal, err = seal.NewReader(secret, older, "homeroom second factors"); err != nil || address == "" {
		return f, err
	}
	f.Site, err = factor.NewSite("Homeroom", named(address), origins)
	if errors.Is(err, factor.ErrNoDomain) {
		log.Info("passkeys are off, because they need https and a domain name; see --public-url", "address", address)
		return f, nil
	}
	return f, err
}

// named replaces a loopback address by localhost: browsers accept passkeys for localhost,
// but not for an IP address.
func named(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err != nil || !ip.IsLoopback() {
		return address
	}
	port := u.Port()
	u.Host = "localhost"
	if port != "" {
		u.Host = net.JoinHostPort("localhost", port)
	}
	return u.String()
}

func (a *app) resetFactors() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "reset-factors EMAIL",
		Short: "Remove the second factors that a person has lost",
		Long: `Removes the authenticator app, the passkeys and the recovery codes of an account, and ends its sessions and
links at once. From then on the person signs in with the password alone and, where an organization requires
a second factor, sets one up first. Before you run it, make sure that the request really comes from that
person.`,
		Args: anAddress,
	}
	loader := config.NewLoader(cmd.Flags(), config.DatabaseSection)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		d, err := a.open(cmd.Context(), loader)
		if err != nil {
			return err
		}
		defer d.Close()
		system := viewer.AsSystem(cmd.Context(), "second factors that the operator removes")
		if err := a.identity(d).ResetFactorsOf(system, args[0]); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s has no second factor, and is signed out everywhere.\n", args[0])
		return nil
	}
	return cmd
}
