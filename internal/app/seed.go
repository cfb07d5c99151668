package app

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/passwd"
	"github.com/openhomeroom/homeroom/internal/sample"
)

func (a *app) seed() *cobra.Command {
	o := sample.Options{}
	var password string
	cmd := &cobra.Command{
		Use:   "seed",
		Short: "Fill an empty database with a made-up district",
		Long: `Fills an empty database with a made-up district of any size, for trials and measurements. The same options
produce the same rows on every kind of database. Three people can sign in: district@example.com,
school@example.com and teacher@example.com.`,
		Args: noArguments,
	}
	cmd.Flags().IntVar(&o.Students, "students", 3000, "how many students")
	cmd.Flags().Uint64Var(&o.Seed, "seed", 1, "the number of the district: another number gives other rows")
	cmd.Flags().BoolVar(&o.Add, "add", false, "add a district to a database that already holds one")
	cmd.Flags().StringVar(&password, "password", demoPassword, "the password of the three accounts")
	loader := config.NewLoader(cmd.Flags(), config.DatabaseSection).MayBegin()
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if o.Students < 1 {
			return misuse(cmd, "--students is %d, but a district needs at least 1", o.Students)
		}
		d, err := a.open(cmd.Context(), loader)
		if err != nil {
			return err
		}
		defer d.Close()
		if o.PasswordHash, err = passwd.NewHasher(passwd.DefaultCost).Hash(cmd.Context(), password); err != nil {
			return err
		}
		bar := a.bar("students")
		o.Progress = bar.to
		o.Now = a.now()
		summary, err := sample.Fill(cmd.Context(), d, o)
		bar.finish()
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s: %d schools, %d groups, %d educators, %d students; %d active students are in no group.\n",
			summary.District, summary.Schools, summary.Groups, summary.Educators, summary.Students, summary.UnassignedActive)
		return nil
	}
	return cmd
}
