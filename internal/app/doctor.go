package app

import (
	"fmt"

	"github.com/spf13/cobra"

	"homeroom/internal/config"
	"homeroom/internal/doctor"
)

func (a *app) doctor() *cobra.Command {
	var repair bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check every derived number, and repair those that are not true",
		Long: `Recomputes everything that is kept beside the rows it is derived from: how many groups a student is in, how
many students a group has, the usage since the start of the school year, who is active, and the words by
which students are found. The server may run meanwhile. Exit code 1 if something was wrong and not repaired.`,
		Args: noArguments,
	}
	cmd.Flags().BoolVar(&repair, "repair", false, "mend what is found")
	loader := config.NewLoader(cmd.Flags(), config.DatabaseSection)
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
			fmt.Fprintln(a.out, "The audit trail is not guarded by triggers: let an account with the right TRIGGER run homeroom migrate; see docs/audit.md.")
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
			fmt.Fprintf(a.out, "Examined the students and groups, %d in all: every derived number is true.\n", rows)
			return nil
		case repair:
			fmt.Fprintf(a.out, "Examined the students and groups, %d in all: repaired %d.\n", rows, findings)
			return nil
		default:
			fmt.Fprintf(a.out, "Examined the students and groups, %d in all: %d are not true. Run again with --repair to mend them.\n", rows, findings)
			return exitCode(1)
		}
	}
	return cmd
}
