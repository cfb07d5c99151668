package app

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/page"
	"github.com/openhomeroom/homeroom/internal/quote"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func (a *app) audit() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Verify, list and export the audit trail",
		Long: `Verifies, lists and exports the audit trail: who did what, when and from where. Each district has a chain of
entries. Entries that belong to no district form one more chain. docs/audit.md says what is recorded.`,
		Args: aCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.verifyAudit(), a.listAudit(), a.exportAudit())
	return cmd
}

func (a *app) verifyAudit() *cobra.Command {
	var district, expect string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Look for entries that were changed, removed or inserted",
		Long: `Reads every chain of the audit trail, or the chain of one district, and names the first damaged entry. The
server may keep running. Store the hash that is shown where people with access to the database cannot change
it: with --expect and that hash, a later run also finds a chain that somebody has rewritten from its
beginning.

Exit code 1 if a chain is damaged.`,
		Example: `  homeroom audit verify
  homeroom audit verify --district "Alpha District" --expect 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08`,
		Args: noArguments,
	}
	cmd.Flags().
		StringVar(&district, "district", "", "check only this district, by id, external id or name; default: every chain")
	cmd.Flags().
		StringVar(&expect, "expect", "", "the hash of an entry, stored earlier, that the chain of the district must contain")
	loader := config.NewLoader(cmd.Flags(), config.DatabaseSection)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if expect != "" && district == "" {
			return misuse(cmd, "--expect needs --district, because a hash belongs to a single chain")
		}
		d, err := a.open(cmd.Context(), loader)
		if err != nil {
			return err
		}
		defer d.Close()
		return a.runVerify(viewer.AsSystem(cmd.Context(), "verification of the audit trail"), d, district,
			strings.ToLower(strings.TrimSpace(expect)))
	}
	return cmd
}

func (a *app) runVerify(ctx context.Context, d *database.DB, district, expect string) error {
	chains, err := audit.Chains(ctx, d)
	if err != nil {
		return err
	}
	if district != "" {
		o, err := target(ctx, d, district, "")
		if err != nil {
			return err
		}
		chains = []int{o.DistrictID}
	}
	damaged := false
	for _, id := range chains {
		v, err := audit.Verify(ctx, d, id, expect)
		if err != nil {
			return err
		}
		damaged = damaged || v.Damage != nil
		a.showVerifiedChain(v)
	}
	guarded, err := d.Guarded(ctx)
	if err == nil && !guarded {
		fmt.Fprintln(a.out,
			"The database has no triggers that refuse changes to entries; docs/audit.md says why that can happen.")
	}
	if err == nil && damaged {
		return exitCode(1)
	}
	return err
}

func (a *app) showVerifiedChain(v audit.Verified) {
	name := "no district"
	if v.DistrictID != 0 {
		name = globalid.Encode(globalid.Organization, v.DistrictID)
	}
	if v.Damage != nil {
		fmt.Fprintf(a.out, "%s: DAMAGED (%s) at entry %d: %s\n", name, v.Damage.Fault, v.Damage.Seq, v.Damage.Text)
		return
	}
	fmt.Fprintf(a.out, "%s: %d entries, intact. Newest hash: %s\n", name, v.Entries, v.Hash)
	if v.Erased+v.Batches+v.Forgotten > 0 {
		fmt.Fprintf(a.out, "  %d details erased; %d batches of bulk jobs compared, %d can no longer be compared\n", v.Erased,
			v.Batches, v.Forgotten)
	}
}

// auditFlags select entries.
type auditFlags struct {
	organization, from, to, about string
	actions                       []string
}

func (f *auditFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.organization, "organization", "",
		"only this district or school, by id, external id or name; default: everything")
	flags.StringVar(&f.from, "from", "", "the first day, in UTC, as in 2026-11-01")
	flags.StringVar(&f.to, "to", "", "the last day, in UTC")
	flags.StringVar(&f.about, "about", "",
		"only entries about this student, group, educator or other object, by id")
	flags.StringSliceVar(&f.actions, "action", nil, "actions such as SIGNED_IN, separated by commas")
}

func (f *auditFlags) filter() (filter audit.Filter, err error) {
	for _, name := range f.actions {
		action := audit.Action(strings.ToUpper(name))
		if action.Meaning() == "" {
			return filter, fmt.Errorf("%s is not an action; docs/audit.md lists them", quote.Text(name))
		}
		filter.Actions = append(filter.Actions, action)
	}
	if f.about != "" {
		t, id, ok := globalid.Decode(f.about)
		if !ok {
			return filter, fmt.Errorf("%s is not an id, such as stu_1", quote.Text(f.about))
		}
		about := audit.On(t, id)
		filter.About = &about
	}
	if filter.From, err = dayFlag(f.from, 0); err != nil {
		return filter, fmt.Errorf("--from: %w", err)
	}
	if filter.To, err = dayFlag(f.to, 1); err != nil {
		return filter, fmt.Errorf("--to: %w", err)
	}
	return filter, nil
}

// dayFlag is the start of a day, plus some days.
func dayFlag(text string, later int) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	day, err := calendar.ParseDay(text)
	if err != nil {
		return nil, err
	}
	at, err := time.Parse(time.DateOnly, day.String())
	at = at.AddDate(0, 0, later)
	return &at, err
}

func (a *app) listAudit() *cobra.Command {
	var f auditFlags
	var limit int
	cmd := &cobra.Command{Use: "list", Short: "List entries of the audit trail, newest first", Args: noArguments}
	f.add(cmd)
	cmd.Flags().IntVar(&limit, "limit", 20, "how many entries to list, at most 500")
	loader := config.NewLoader(cmd.Flags(), config.DatabaseSection)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if limit < 1 || limit > page.Max {
			return misuse(cmd, "--limit must be from 1 to %d", page.Max)
		}
		return a.withAudit(cmd, loader, &f, audit.AuditRead, func(ctx context.Context, list *audit.List) error {
			p, err := list.Page(ctx, page.Args{First: &limit})
			if err != nil {
				return err
			}
			return a.showEntries(p.Items)
		})
	}
	return cmd
}

func (a *app) showEntries(entries []*db.AuditEvent) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TIME\tACTION\tCODE\tACTOR\tADDRESS\tOPERATION\tORGANIZATION\tTARGET\tFACTS")
	for _, e := range entries {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s %s\t%s\t%s\t%s\t%s\t%s\n", e.CreatedAt.UTC().Format(time.DateTime), e.Action, e.Code,
			strings.ToLower(e.ActorKind), audit.Who(e), e.Address, e.Operation,
			audit.ID(globalid.Organization, e.OrganizationID), audit.ID(globalid.Type(e.TargetType), e.TargetID), e.Facts)
	}
	return w.Flush()
}

func (a *app) exportAudit() *cobra.Command {
	var f auditFlags
	cmd := &cobra.Command{
		Use: "export", Short: "Write entries of the audit trail as CSV to standard output, newest first", Args: noArguments,
		Example: `  homeroom audit export --from 2026-11-01 --to 2026-11-30 > november.csv`,
	}
	f.add(cmd)
	loader := config.NewLoader(cmd.Flags(), config.DatabaseSection)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return a.withAudit(cmd, loader, &f, audit.AuditDownloaded, func(ctx context.Context, list *audit.List) error {
			_, err := list.CSV(ctx, a.out)
			return err
		})
	}
	return cmd
}

// withAudit passes the selected entries to a command, after recording that they are read.
func (a *app) withAudit(cmd *cobra.Command, loader *config.Loader, f *auditFlags, action audit.Action,
	use func(context.Context, *audit.List) error) error {
	filter, err := f.filter()
	if err != nil {
		return misuse(cmd, "%v", err)
	}
	d, err := a.open(cmd.Context(), loader)
	if err != nil {
		return err
	}
	defer d.Close()
	ctx := viewer.AsSystem(cmd.Context(), "audit trail that the operator reads")
	e := audit.Event{Action: action}
	if f.organization != "" {
		o, err := target(ctx, d, f.organization, "")
		if err != nil {
			return err
		}
		e.DistrictID, e.OrganizationID = o.DistrictID, o.ID
	}
	trail := audit.New(d, a.now, a.quietLog())
	list, err := trail.Events(ctx, e.OrganizationID, filter)
	if err != nil {
		return err
	}
	if err := trail.Now(ctx, e); err != nil {
		return err
	}
	return use(ctx, list)
}
