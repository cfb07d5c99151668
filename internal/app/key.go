package app

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/servicekey"
	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/quote"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func (a *app) key() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "key",
		Short: "Create, list and revoke the keys of programs",
		Long: `Creates, lists and revokes service keys. With a service key a program records usage or imports rosters at one
organization, and can do nothing else. It sends the key as "Authorization: Bearer hrk_…".`,
		Args: aCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.createKey(), a.listKeys(), a.revokeKey())
	return cmd
}

func (a *app) createKey() *cobra.Command {
	var name, organization, expires string
	var scopes []string
	cmd := &cobra.Command{
		Use:     "create",
		Short:   "Create a key, which is shown only once",
		Example: `  homeroom key create --name "Reading app" --organization "North School" --scope usage-write --expires 90d`,
		Args:    noArguments,
	}
	flags := cmd.Flags()
	flags.StringVar(&name, "name", "", "the name of the program that gets the key")
	flags.StringVar(&organization, "organization", "",
		"where the key is valid, by id, external id or name; a district includes its schools; "+
			"default: the only district")
	flags.StringSliceVar(&scopes, "scope", nil,
		"what the key may do: usage-write, roster-import, or both, separated by a comma")
	flags.StringVar(&expires, "expires", "90d", "how long the key is valid, in days (90d) or hours (12h)")
	loader := config.NewLoader(flags, config.DatabaseSection)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		lasts, err := parseDays(expires)
		if err != nil {
			return misuse(cmd, "--expires: %v", err)
		}
		in := identity.NewKey{Name: name, ExpiresAt: a.now().Add(lasts)}
		for _, text := range scopes {
			scope, known := identity.ParseScope(text)
			if !known {
				return misuse(cmd, "%s is not a scope; write usage-write or roster-import", quote.Text(text))
			}
			in.Scopes = append(in.Scopes, scope)
		}
		d, err := a.open(cmd.Context(), loader)
		if err != nil {
			return err
		}
		defer d.Close()
		system := viewer.AsSystem(cmd.Context(), "service key that the operator makes")
		o, err := target(system, d, organization, "")
		if err != nil {
			return err
		}
		in.OrganizationID = o.ID
		made, secret, err := a.identity(d).CreateKey(system, in)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.err, "%s is valid at %s until %s. This is the only time that it is shown:\n",
			globalid.Encode(globalid.ServiceKey, made.ID), o.Name, made.ExpiresAt.Format(time.DateOnly))
		// The key is alone on standard output, so that it can be piped to where it belongs
		// without being shown.
		_, err = fmt.Fprintln(a.out, secret)
		return err
	}
	return cmd
}

// parseDays reads 90d, and everything that time.ParseDuration reads.
func parseDays(text string) (time.Duration, error) {
	if days, is := strings.CutSuffix(strings.TrimSpace(text), "d"); is {
		if n, err := strconv.Atoi(days); err == nil && n > 0 && n <= 10000 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	} else if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return d, nil
	}
	return 0, fmt.Errorf("%s is not a time such as 90d or 12h", quote.Text(text))
}

func (a *app) listKeys() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the keys, without their secrets", Args: noArguments}
	loader := config.NewLoader(cmd.Flags(), config.DatabaseSection)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		d, err := a.open(cmd.Context(), loader)
		if err != nil {
			return err
		}
		defer d.Close()
		system := viewer.AsSystem(cmd.Context(), "service keys that the operator lists")
		keys, err := d.Client(system).ServiceKey.Query().WithOrganization().Order(servicekey.ByID()).All(system)
		if err != nil {
			return err
		}
		standing, err := d.Client(system).ServiceKey.Query().Where(credential.KeysThatStand()).IDs(system)
		if err != nil {
			return err
		}
		return a.showKeys(keys, standing)
	}
	return cmd
}

func (a *app) showKeys(keys []*db.ServiceKey, standing []int) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tKEY\tNAME\tORGANIZATION\tSCOPES\tEXPIRES\tLAST USED\tSTATE")
	for _, k := range keys {
		used, state := "never", "active"
		if k.LastUsedAt != nil {
			used = k.LastUsedAt.Format(time.DateOnly)
		}
		switch {
		case k.RevokedAt != nil:
			state = "revoked"
		case !k.ExpiresAt.After(a.now()):
			state = "expired"
		case !slices.Contains(standing, k.ID):
			state = "without maker"
		}
		scopes := strings.ToLower(strings.ReplaceAll(strings.Join(k.Scopes, ","), "_", "-"))
		fmt.Fprintf(w, "%s\t%s…\t%s\t%s\t%s\t%s\t%s\t%s\n", globalid.Encode(globalid.ServiceKey, k.ID), k.Beginning, k.Name,
			k.Edges.Organization.Name, scopes, k.ExpiresAt.Format(time.DateOnly), used, state)
	}
	return w.Flush()
}

func (a *app) revokeKey() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "revoke ID",
		Short: "Revoke a key at once",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return nil
			}
			return misuse(cmd, "%s needs the id of one key; see homeroom key list%s", cmd.CommandPath(),
				config.Again(cmd.Flags()))
		},
	}
	loader := config.NewLoader(cmd.Flags(), config.DatabaseSection)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		// The argument is not repeated, because it may be the key itself.
		id, ok := globalid.Key(globalid.ServiceKey, args[0])
		if !ok {
			return misuse(cmd, "this is not the id of a key, such as key_1")
		}
		d, err := a.open(cmd.Context(), loader)
		if err != nil {
			return err
		}
		defer d.Close()
		return a.runRevokeKey(viewer.AsSystem(cmd.Context(), "service key that the operator revokes"), a.identity(d), id)
	}
	return cmd
}

func (a *app) runRevokeKey(system context.Context, s *identity.Service, id int) error {
	k, err := s.RevokeKey(system, id)
	if err == nil {
		fmt.Fprintf(a.out, "%s (%s) is revoked.\n", globalid.Encode(globalid.ServiceKey, k.ID), k.Name)
	}
	return err
}
