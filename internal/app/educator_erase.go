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
		Short: "Erase the personal data of an account; what it did stays, as that of nobody",
		Long: `Erases names, address, ids, password, sessions, roles and groups of an account for good. Jobs and the audit trail
still say that one and the same account did what it did, and no longer whose it was.`,
		Args: anAddress,
	}
	cmd.Flags().StringVar(&confirm, "confirm", "", "the address once more, because it cannot be undone")
	loader := config.NewLoader(cmd.Flags(), config.DatabaseSection, config.SecretSection)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !strings.EqualFold(confirm, args[0]) {
			return misuse(cmd, "this cannot be undone; give the address once more with --confirm")
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
