package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/doctor"
	"github.com/openhomeroom/homeroom/internal/job/vault"
	"github.com/openhomeroom/homeroom/internal/quote"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func (a *app) doctor() *cobra.Command {
	var repair bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check every derived number, and repair wrong ones",
		Long: `Recomputes every stored number that is derived from other rows: how many groups a student is in, how many
students a group has, the usage since the start of the school year, who is active, and the words by which
students are found. Finds students in groups of another school than their own, as earlier versions left them, and
ends these enrollments with --repair. It also says which old secret keys are still needed. The server may keep running.

Exit code 1 if something was wrong and not repaired.`,
		Args: noArguments,
	}
	cmd.Flags().BoolVar(&repair, "repair", false, "repair what is wrong")
	loader := config.NewLoader(cmd.Flags(), config.DatabaseSection, config.SecretSection)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		d, err := a.open(cmd.Context(), loader)
		if err != nil {
			return err
		}
		defer d.Close()
		guarded, err := d.Guarded(cmd.Context())
		if err != nil {
			return err
		}
		if !guarded {
			fmt.Fprintln(a.out,
				"The audit trail is not guarded by triggers: let an account with the right TRIGGER run homeroom "+
					"migrate; see docs/audit.md.")
		}
		if err := a.tellKeys(cmd.Context(), d, loader); err != nil {
			return err
		}
		findings := 0
		rows, err := doctor.New(d).Examine(cmd.Context(), repair, func(f doctor.Finding) error {
			findings++
			_, err := fmt.Fprintln(a.out, f)
			return err
		})
		switch {
		case err != nil:
			return err
		case findings == 0:
			fmt.Fprintf(a.out, "Examined the students and groups, %d in all: every derived number is correct.\n", rows)
			return nil
		case repair:
			fmt.Fprintf(a.out, "Examined the students and groups, %d in all: repaired %d.\n", rows, findings)
			return nil
		default:
			fmt.Fprintf(a.out,
				"Examined the students and groups, %d in all: %d are wrong. Run again with --repair to correct them.\n", rows,
				findings)
			return exitCode(1)
		}
	}
	return cmd
}

// tellKeys prints which keys the stored data need, if they need another one than the
// secret key, or if old keys are given. Before there is a secret key, nothing needs one.
func (a *app) tellKeys(ctx context.Context, d *database.DB, loader *config.Loader) error {
	cfg, err := loader.Load(a.getenv)
	if err != nil {
		return err
	}
	secret, err := cfg.Secret.Find()
	if err != nil || secret == nil {
		return err
	}
	s, err := newServices(d, secret, cfg, accounts{}, a.now, a.quietLog())
	if err != nil {
		return err
	}
	system := viewer.AsSystem(ctx, "which secret keys are needed")
	jobs, err := s.importer.KeyUse(system)
	if err != nil {
		return err
	}
	factors, err := s.identity.KeyUse(system)
	if err != nil {
		return err
	}
	apps := map[string]int{} // by the print, since a key may have been given twice
	for i, n := range factors.Needed {
		apps[vault.PrintOf(cfg.Secret.OldKeys()[i])] += n
	}
	for i, key := range cfg.Secret.OldKeys() {
		name := vault.PrintOf(key)
		switch needed := needs(jobs.Needed[name], apps[name]); {
		case name == jobs.Own:
			fmt.Fprintf(a.out, "Old secret key %d is the secret key itself.\n", i+1)
		case needed != "":
			fmt.Fprintf(a.out, "Old secret key %d (%s) is needed by %s; "+
				"a running server that has the key encrypts them with the new one.\n", i+1, name, needed)
		default:
			fmt.Fprintf(a.out,
				"Old secret key %d (%s) is needed by nothing that is stored. "+
					"Remove it once every server runs with the new key.\n", i+1, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(jobs.Missing)) {
		fmt.Fprintf(a.out,
			"A secret key is missing (%s), and %s cannot be read without it: add it with --old-secret-keys.\n", name,
			quote.Count(jobs.Missing[name], "bulk job"))
	}
	if n := factors.Missing; n > 0 {
		fmt.Fprintf(a.out,
			"None of the given secret keys opens %s: add the previous one with --old-secret-keys, "+
				"or let these people set theirs up again (homeroom educator reset-factors).\n", quote.Count(n, "authenticator app"))
	}
	return nil
}

// needs lists what needs a key; it is empty if nothing does.
func needs(jobs, apps int) string {
	var list []string
	if jobs > 0 {
		list = append(list, quote.Count(jobs, "bulk job"))
	}
	if apps > 0 {
		list = append(list, quote.Count(apps, "authenticator app"))
	}
	return strings.Join(list, " and ")
}
