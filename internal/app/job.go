package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/globalid"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/progress"
	"github.com/openhomeroom/homeroom/internal/quote"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func (a *app) job() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "job",
		Short: "List, show, start, cancel and undo bulk jobs, and download their refused rows",
		Long: `Lists, shows, starts, cancels and undoes imports and other bulk jobs, no matter who submitted them. If a job
or its undo waits for a second administrator, starting it approves it, unless the operator submitted the
job. An undo by the operator waits for nobody.

Exit code of start and undo: 0: every row was written, or put back. 1: nothing was written, or the job was canceled
meanwhile. 2: some rows were refused, or could not be put back. 3: the job waits for another administrator to approve
it.`,
		Args: aCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.listJobs(), a.failedRows(),
		a.oneJob("show", "Show a job, and the first of its changes and problems",
			func(ctx context.Context, s *services, job *db.BulkJob) (*db.BulkJob, error) {
				return job, nil
			}, succeeded),
		a.oneJob("start", "Start a job that is READY, or approve one that is HELD", a.startJob, codeOf),
		a.oneJob("cancel", "Cancel a job that is not finished",
			func(ctx context.Context, s *services, job *db.BulkJob) (*db.BulkJob, error) {
				return s.importer.Cancel(viewer.AsSystem(ctx, "the operator cancels a job"), job.ID)
			}, succeeded),
		a.undoJobs())
	return cmd
}

func (a *app) listJobs() *cobra.Command {
	var limit int
	cmd := &cobra.Command{Use: "list", Short: "List the jobs, newest first", Args: noArguments}
	flags := cmd.Flags()
	flags.IntVar(&limit, "limit", 20, "how many to list")
	loader := config.NewLoader(flags, config.DatabaseSection)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if limit < 1 {
			return misuse(cmd, "--limit: %d is less than 1", limit)
		}
		d, err := a.open(cmd.Context(), loader)
		if err != nil {
			return err
		}
		defer d.Close()
		system := viewer.AsSystem(cmd.Context(), "jobs that the operator lists")
		list, err := d.Client(system).BulkJob.Query().WithOrganization().WithSubmitter().Order(db.Desc(bulkjob.FieldID)).
			Limit(limit).All(system)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tKIND\tSTATUS\tDONE\tROWS\tORGANIZATION\tSUBMITTED BY\tSUBMITTED")
		for _, j := range list {
			fmt.Fprintf(w, "%s\t%s\t%s\t%.0f %%\t%d\t%s\t%s\t%s\n", globalid.Encode(globalid.BulkJob, j.ID), j.Kind, j.Status,
				progress.ProgressOf(j).Percent, j.TotalRows, j.Edges.Organization.Name, nameOf(j.Edges.Submitter),
				j.CreatedAt.Format(time.DateTime))
		}
		return w.Flush()
	}
	return cmd
}

func nameOf(e *db.Educator) string { return strings.TrimSpace(e.FirstName + " " + e.LastName) }

// succeeded is for commands that have done what they were asked to do, whatever the state
// of the job.
func succeeded(*db.BulkJob) error { return nil }

// oneJob is a command that does something with one job and then shows it. outcome gives
// its exit code.
func (a *app) oneJob(name, short string, act func(context.Context, *services, *db.BulkJob) (*db.BulkJob, error),
	outcome func(*db.BulkJob) error) *cobra.Command {
	var show int
	cmd := &cobra.Command{
		Use:   name + " ID",
		Short: short,
		Args:  oneArgument,
	}
	flags := cmd.Flags()
	flags.IntVar(&show, "show", 10, "how many changes and problems to show")
	loader := config.NewLoader(flags, config.DatabaseSection, config.SecretSection).Also(config.SignInSection)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if show < 0 {
			return misuse(cmd, "--show: %d is less than 0", show)
		}
		return a.withJob(cmd, loader, args[0], func(system context.Context, s *services, job *db.BulkJob) error {
			job, err := act(cmd.Context(), s, job)
			if err != nil {
				return err
			}
			if err := a.recordCommand(system, s.db); err != nil {
				return err
			}
			if err := a.showJob(system, s, job, show); err != nil {
				return err
			}
			return outcome(job)
		})
	}
	return cmd
}

// oneArgument is for commands about one job.
func oneArgument(cmd *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	return misuse(cmd, "%s needs the id of one job; see homeroom job list%s", cmd.CommandPath(), config.Again(cmd.Flags()))
}

// withJob opens the database and reads a job by its ID in the API.
func (a *app) withJob(cmd *cobra.Command, loader *config.Loader, name string,
	fn func(system context.Context, s *services, job *db.BulkJob) error) error {
	id, ok := globalid.Key(globalid.BulkJob, name)
	if !ok {
		return misuse(cmd, "%s is not the id of a job, such as %s", quote.Text(name), globalid.Encode(globalid.BulkJob, 1))
	}
	s, err := a.openServices(cmd.Context(), loader)
	if err != nil {
		return err
	}
	defer s.db.Close()
	system := viewer.AsSystem(cmd.Context(), "job that the operator names")
	job, err := s.importer.Job(system, id)
	if err != nil {
		return err
	}
	return fn(system, s, job)
}

func (a *app) failedRows() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "failed-rows ID",
		Short: "Write the refused rows of a job as a CSV file",
		Long: `Writes the rows that a job refused to standard output, as a CSV file. It has the columns of the imported
file, and each row ends with what is wrong. Correct the rows, and import the file with the command that is
printed. Passwords are left out.

A failed job wrote nothing, so its good rows are missing, too: correct the rows in the imported file instead, and
import that whole file again.`,
		Example: `  homeroom job failed-rows job_1 > failed-rows.csv`,
		Args:    oneArgument,
	}
	loader := config.NewLoader(cmd.Flags(), config.DatabaseSection, config.SecretSection)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return a.withJob(cmd, loader, args[0], func(system context.Context, s *services, job *db.BulkJob) error {
			if err := a.recordCommand(system, s.db); err != nil {
				return err
			}
			if _, err := s.importer.FailedRows(system, a.out, job.ID); err != nil {
				return err
			}
			return a.adviseFailedRows(system, s, job)
		})
	}
	return cmd
}

// asOperator returns a context in which the operator's account acts in the district of a
// job.
func asOperator(ctx context.Context, s *services, job *db.BulkJob) (context.Context, error) {
	district, err := s.db.Client(ctx).Organization.Get(viewer.AsSystem(ctx, "district of a job"), job.DistrictID)
	if err != nil {
		return nil, err
	}
	e, err := operator(ctx, s.db, district)
	if err != nil {
		return nil, err
	}
	v, err := s.identity.Viewer(ctx, e.ID)
	return viewer.NewContext(ctx, v), err
}

func (a *app) startJob(ctx context.Context, s *services, job *db.BulkJob) (*db.BulkJob, error) {
	ctx, err := asOperator(ctx, s, job)
	if err != nil {
		return nil, err
	}
	what := "processing"
	if job.Status == bulkjob.StatusHELD {
		if job.HeldFor != nil && *job.HeldFor == bulkjob.HeldForUNDO {
			what = "undoing"
		}
		seen := jobs.PreviewVersion(job)
		job, err = s.importer.Approve(ctx, job.ID, &seen)
	} else {
		seen := jobs.PreviewVersion(job)
		job, err = s.importer.StartSeen(ctx, job.ID, &seen)
	}
	if err != nil {
		return nil, err
	}
	return a.watch(ctx, s, job.ID, what)
}

// undoJobs is oneJob for an undo, which may be of several jobs: the newest one first, because
// the earlier ones stay as they are as long as later ones build on them.
func (a *app) undoJobs() *cobra.Command {
	cmd := a.oneJob("undo", "Put back what jobs have changed, the newest one first", a.undoJob, codeOf)
	one := cmd.RunE
	cmd.Use, cmd.Args = "undo ID...", nil
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := eachJob(cmd, args); err != nil {
			return err
		}
		key := func(id string) int { n, _ := globalid.Key(globalid.BulkJob, id); return n }
		slices.SortStableFunc(args, func(a, b string) int { return cmp.Compare(key(b), key(a)) })
		var worst error
		for _, id := range slices.Compact(args) {
			err := one(cmd, []string{id})
			if err != nil && !errors.Is(err, exitRefused) {
				return err
			}
			worst = cmp.Or(worst, err)
		}
		return worst
	}
	return cmd
}

// eachJob is for commands about one or more jobs.
func eachJob(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return oneArgument(cmd, args)
	}
	for _, id := range args {
		if _, ok := globalid.Key(globalid.BulkJob, id); !ok {
			return misuse(cmd, "%s is not the id of a job, such as %s", quote.Text(id), globalid.Encode(globalid.BulkJob, 1))
		}
	}
	return nil
}

func (a *app) undoJob(ctx context.Context, s *services, job *db.BulkJob) (*db.BulkJob, error) {
	ctx, err := asOperator(ctx, s, job)
	if err != nil {
		return nil, err
	}
	if job, err = s.importer.UndoAnyway(ctx, job.ID); err != nil {
		return nil, err
	}
	return a.watch(ctx, s, job.ID, "undoing")
}

func (a *app) showJob(ctx context.Context, s *services, job *db.BulkJob, most int) error {
	p, err := s.importer.Progress(ctx, job)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "%s: %s, %s, %.0f %%\n", globalid.Encode(globalid.BulkJob, job.ID), job.Kind, job.Status, p.Percent)
	fmt.Fprintf(a.out,
		"  %s: created %d, updated %d, deleted %d, unchanged %d, refused %d; enrollments: %d added, %d removed\n",
		quote.Count(job.TotalRows, "row"), job.Created, job.Updated, job.Deleted, job.Unchanged, job.Errors,
		job.EnrollmentsAdded, job.EnrollmentsRemoved)
	if job.UndoneRows+job.KeptRows > 0 {
		as := "they are"
		if job.KeptRows == 1 {
			as = "it is"
		}
		fmt.Fprintf(a.out, "  put back %s, left %d as %s\n", quote.Count(job.UndoneRows, "row"), job.KeptRows, as)
	}
	if err := a.showChanges(ctx, s, job, most); err != nil {
		return err
	}
	if err := a.showProblems(ctx, s, job, most); err != nil {
		return err
	}
	f, err := flagsOf(ctx, s, job)
	if err != nil {
		return err
	}
	return a.nameNext(ctx, s, job, f)
}
