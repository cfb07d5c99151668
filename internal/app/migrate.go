package app

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/database"
)

func (a *app) migrate() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the tables of the database up to date",
		Long: `Brings the tables of the database up to date. "homeroom serve" does the same when it starts; with this command
operators choose the time. Several may run at once: one migrates, and the others wait.`,
		Args: noArguments,
	}
	loader := config.NewLoader(cmd.Flags(), config.DatabaseSection).MayBegin()
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := loader.Load(a.getenv)
		if err != nil {
			return err
		}
		d, err := database.Open(cmd.Context(), cfg.Database.URL.Reveal())
		if err != nil {
			return err
		}
		defer d.Close()
		done, err := d.Migrate(cmd.Context())
		if err == nil {
			err = recordMigration(cmd.Context(), d, done)
		}
		for _, name := range done {
			fmt.Fprintf(a.out, "applied %s\n", name)
		}
		if err == nil && len(done) == 0 {
			fmt.Fprintln(a.out, "The tables are up to date.")
		}
		return err
	}
	return cmd
}
