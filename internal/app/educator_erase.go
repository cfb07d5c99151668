package app

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func (a *app) eraseEducator() *cobra.Command {
	var confirm string
	cmd := &cobra.Command{
		Use:   "erase EMAIL --confirm EMAIL",
		Short: "Erase the personal data of an account; its actions stay on record without a name",
		Long: `Erases the names, address, ids, password, sessions, roles and groups of an account for good. Jobs and the audit
trail still show which actions one account took, but no longer whose account it was.`,
		Args: anAddress,
	}
	cmd.Flags().StringVar(&confirm, "confirm", "", "the email address again, because this cannot be undone")
	loader := config.NewLoader(cmd.Flags(), config.DatabaseSection, config.SecretSection)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !strings.EqualFold(confirm, args[0]) {
			return misuse(cmd, "this cannot be undone; repeat the address with --confirm")
		}
		s, err := a.openServices(cmd.Context(), loader)
		if err != nil {
			return err
		}
		defer s.db.Close()
		if err := s.privacy.EraseEducator(viewer.AsSystem(cmd.Context(), "account that the operator erases"),
			args[0]); err != nil {
			return err
		}
		fmt.Fprintln(a.out, "The personal data of the account are erased.")
		return nil
	}
	return cmd
}
