package app

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/quote"
)

func (a *app) purge() *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "purge",
		Short: "Erase the personal data of deleted students once their retention ends",
		Long: `Erases the personal data of deleted students after the time for which their school keeps them (the setting
retention-days), and leaves anonymous sums of their usage. A server does the same once a day; see --purge-hour of
homeroom serve. You can stop the command at any moment; the next run continues. It waits while another purge runs,
and for two minutes if that one was killed. It needs the server's secret key, because refused rows of imports are
encrypted with it.`,
		Args: noArguments,
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only count the students; erase nothing")
	loader := config.NewLoader(cmd.Flags(), config.DatabaseSection, config.SecretSection)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx := cmd.Context()
		s, err := a.openServices(ctx, loader)
		if err != nil {
			return err
		}
		defer s.db.Close()
		run, verb := s.privacy.Purge, "erased"
		if dryRun {
			run, verb = s.privacy.Due, "would be erased"
		}
		purged, err := run(ctx)
		total := 0
		for _, p := range purged {
			fmt.Fprintf(a.out, "%s: %s %s", p.District, quote.Count(p.Students, "student"), verb)
			if !dryRun {
				fmt.Fprintf(a.out, ", with %s of usage, %s of bulk jobs and %s of the audit trail", quote.Count(p.UsageDays, "day"),
					quote.Count(p.BulkJobRows, "row"), quote.Count(p.AuditDetails, "detail"))
			}
			fmt.Fprintln(a.out)
			total += p.Students
		}
		if err == nil && total == 0 {
			fmt.Fprintln(a.out, "No deleted student has reached the end of the retention.")
		}
		return err
	}
	return cmd
}
