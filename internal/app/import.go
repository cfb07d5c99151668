package app

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/globalid"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func (a *app) importFile() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import FILE...",
		Short: "Import CSV files and Excel workbooks into the roster",
		Long: `Imports CSV files and Excel workbooks (.xlsx), and ZIP archives of them, one file after the other: schools,
educators, classes and groups, students, enrollments, in whatever order they are given. The command checks each file,
shows what it will change, and then writes the changes. On a terminal it asks before it writes, unless --yes is given.
--dry-run never writes, and leaves no job behind that could be started; what a file needs of another one is not there
yet. At the end the command prints how to undo all files together.

The headers of a file show what it holds. Encoding (UTF-8, UTF-16, Windows-1252), delimiter (comma, semicolon, tab)
and line endings are detected. An empty database first gets a district (see --district).

Exit code 0: every row was written. 1: a file was refused as a whole; neither it nor the files after it were written.
2: some rows were refused. 3: a file would change so much that another administrator has to approve it
(approveBulkJob); neither it nor the files after it were written.

After 1, 2 and 3 the command prints how to go on, with the options that you gave here.`,
		Example: `  homeroom import School.csv Section.csv Teacher.csv TeacherRoster.csv Student.csv StudentEnrollment.csv
  homeroom import *.csv
  homeroom import export.zip
  homeroom import --dry-run --groups-mode replace students.csv`,
		Args: someFiles,
	}
	flags := cmd.Flags()
	flags.StringVar(&f.kind, "kind", "",
		"what the files hold: organizations, educators, groups, students or enrollments; default: detected")
	flags.StringVar(&f.organization, "organization", "",
		"the district or school that the rows belong to, by id, external id or name; default: the only district")
	flags.StringVar(&f.district, "district", "District", "the name of the district to create in an empty database")
	flags.StringVar(&f.groupsMode, "groups-mode", "add",
		"what the Classes/Groups column does to a student's groups: add, replace or remove")
	flags.StringVar(&f.commitMode, "commit-mode", "valid-rows",
		"valid-rows writes the good rows; all-or-nothing writes nothing if a row is refused")
	flags.StringVar(&f.missing, "missing", "ignore",
		"what happens to students who are on record and not in the file: ignore, leave-groups or delete")
	flags.StringVar(&f.leavers, "leavers", "",
		"what happens to students whose row says that they have left; default: what --missing says")
	flags.BoolVar(&f.createGroups, "create-missing-groups", false,
		"create the classes and groups that rows of students name and their schools do not have")
	flags.StringArrayVar(&f.maps, "map", nil,
		"read a column of the files as another one, as in --map 'Pupil no.=Student ID'; nothing behind the = leaves it out")
	flags.BoolVar(&f.dryRun, "dry-run", false, "check the files and show the changes, but write nothing")
	flags.BoolVar(&f.noHold, "no-hold", false,
		"do not wait for another administrator, even if the file changes "+
			"so many students that it otherwise would")
	flags.BoolVarP(&f.yes, "yes", "y", false, "do not ask before writing")
	flags.IntVar(&f.show, "show", 10, "how many changes and problems to show")
	loader := config.NewLoader(flags, config.DatabaseSection, config.SecretSection).Also(config.SignInSection).MayBegin()
	cmd.RunE = func(cmd *cobra.Command, files []string) error {
		return a.importFiles(cmd.Context(), loader, f, files)
	}
	return cmd
}

func (a *app) importFiles(ctx context.Context, loader *config.Loader, f importFlags,
	arguments []string) error {
	if err := f.validate(); err != nil {
		return err
	}
	cfg, err := loader.Load(a.getenv)
	if err != nil {
		return err
	}
	files, done, err := filesOf(arguments)
	if err != nil {
		return err
	}
	defer done()
	choices, err := f.columns()
	if err != nil {
		return err
	}
	if err := cmp.Or(findKinds(f.kind, files, choices), mapColumns(files, choices)); err != nil {
		return err
	}
	if sortByKind(files) {
		fmt.Fprintf(a.out, "The files are imported in this order: %s\n", strings.Join(pathsOf(files), ", "))
	}
	secret, err := cfg.Secret.Load()
	if err != nil {
		return err
	}
	d, closeDatabase, err := f.open(ctx, cfg.Database.URL.Reveal())
	if err != nil {
		return err
	}
	defer closeDatabase()
	s, err := newServices(d, secret, cfg, accounts{}, a.now, a.quietLog())
	if err != nil {
		return err
	}
	s.again = loader.Again()
	o, err := target(ctx, d, f.organization, f.district)
	if err != nil {
		return err
	}
	district := o
	if o.DistrictID != o.ID {
		if district, err = d.Client(ctx).Organization.Get(viewer.AsSystem(ctx, "district of the import"),
			o.DistrictID); err != nil {
			return err
		}
	}
	e, err := operator(ctx, d, district)
	if err != nil {
		return err
	}
	v, err := s.identity.Viewer(ctx, e.ID)
	if err != nil {
		return err
	}
	ctx = viewer.NewContext(ctx, v)
	refused := false
	var written []string
	for i, file := range files {
		f.left = argumentsOf(files[i:])
		job, err := a.importOne(ctx, s, o, f, file)
		if err != nil {
			return fmt.Errorf("%s: %w", file.path, err)
		}
		if job.StartedAt != nil && job.Created+job.Updated+job.Deleted > 0 {
			written = append([]string{globalid.Encode(globalid.BulkJob, job.ID)}, written...)
		}
		if code := codeOf(job); code != nil && !errors.Is(code, exitRefused) {
			return code
		}
		refused = refused || job.Errors > 0
	}
	if _, err := s.usage.Recount(viewer.AsSystem(ctx, "new schools")); err != nil {
		return err
	}
	if len(written) > 1 && !f.scratch {
		fmt.Fprintf(a.out, "To undo all of it: homeroom job undo %s%s\n", strings.Join(written, " "), s.again)
	}
	if refused {
		return exitRefused
	}
	return nil
}

func (a *app) importOne(ctx context.Context, s *services, o *db.Organization, f importFlags,
	in *importedFile) (job *db.BulkJob, err error) {
	file, err := in.open()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	kind := in.kind
	job, err = s.importer.Submit(ctx, jobs.Submission{
		OrganizationID: o.ID, Kind: kind, FileName: in.name, File: file,
		GroupsMode: groupsModes[f.groupsMode], CommitMode: commitModes[f.commitMode],
		Missing: f.removal(kind, f.missing), Leavers: bulkjob.Leavers(f.removal(kind, f.leavers)),
		CreateMissingGroups: f.createGroups && kind == bulkjob.KindIMPORT_STUDENTS,
		Columns:             in.columns,
	})
	if err != nil {
		return nil, err
	}
	id := job.ID
	if f.dryRun {
		defer func() { err = cmp.Or(err, a.discard(ctx, s, id)) }()
	}
	if job, err = a.watch(ctx, s, job.ID, "verifying "+in.name); err != nil {
		return nil, err
	}
	if err := a.showVerified(ctx, s, job, f); err != nil {
		return nil, err
	}
	switch {
	case job.Status != bulkjob.StatusREADY:
		return job, nil
	case f.dryRun:
		fmt.Fprintln(a.out, "  This was a dry run: nothing was written.")
		return job, nil
	case job.Created+job.Updated+job.Deleted == 0:
		fmt.Fprintln(a.out, "Nothing will change.")
	case !f.yes && a.interactive() && !a.confirm("Start processing?"):
		fmt.Fprintln(a.out, "Nothing was written.")
		return job, a.discard(ctx, s, id)
	}
	start := func(ctx context.Context, id int) (*db.BulkJob, error) { return s.importer.StartSeen(ctx, id, nil) }
	if f.noHold {
		start = s.importer.StartAnyway
	}
	if job, err = start(ctx, job.ID); err != nil {
		return nil, err
	}
	if job.Status == bulkjob.StatusHELD {
		if err := a.tellHeld(ctx, s, job); err != nil {
			return nil, err
		}
		return job, a.nameHeld(ctx, s, job, f)
	}
	if job, err = a.watch(ctx, s, job.ID, "processing "+in.name); err != nil {
		return nil, err
	}
	return job, a.showDone(ctx, s, job, f)
}

// discard cancels a job that nobody is going to start. Otherwise it would wait for 14
// days, with the passwords of the file.
func (a *app) discard(ctx context.Context, s *services, id int) error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer stop()
	job, err := s.importer.Job(ctx, id)
	if err == nil && slices.Contains([]bulkjob.Status{bulkjob.StatusVERIFYING, bulkjob.StatusREADY}, job.Status) {
		_, err = s.importer.Cancel(ctx, id)
	}
	return err
}

// watch works on a job and shows its progress, until it waits for somebody or is finished.
func (a *app) watch(ctx context.Context, s *services, id int, what string) (*db.BulkJob, error) {
	bar := a.bar(what)
	defer bar.finish()
	told := 0
	done := make(chan error, 1)
	go func() { done <- s.importer.RunJob(ctx, id) }()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			if err != nil {
				return nil, err
			}
			job, err := s.importer.Job(ctx, id)
			if err == nil {
				bar.to(job.TotalRows, job.TotalRows)
			}
			return job, err
		case <-tick.C:
			if job, err := s.importer.Job(ctx, id); err == nil {
				a.tellWaiting(ctx, s, job, &told)
				if p, err := s.importer.Progress(ctx, job); err == nil {
					bar.during(p)
				}
			}
		}
	}
}

// tellWaiting says once for each job that this one waits for it.
func (a *app) tellWaiting(ctx context.Context, s *services, job *db.BulkJob, told *int) {
	first, err := s.importer.Waiting(ctx, job)
	if err == nil && first != 0 && first != *told {
		*told = first
		fmt.Fprintf(a.err,
			"%s waits for %s: one job at a time changes a district, and one person's jobs run one after the other.\n",
			globalid.Encode(globalid.BulkJob, job.ID), globalid.Encode(globalid.BulkJob, first))
	}
}

func (a *app) interactive() bool {
	in, ok := a.in.(*os.File)
	return ok && term.IsTerminal(int(in.Fd()))
}

func (a *app) confirm(question string) bool {
	fmt.Fprint(a.out, question+" [y/N] ")
	line, err := bufio.NewReader(a.in).ReadString('\n')
	if err != nil && err != io.EOF {
		return false
	}
	answer := strings.ToLower(strings.TrimSpace(line))
	return answer == "y" || answer == "yes"
}
