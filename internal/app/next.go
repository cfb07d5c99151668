package app

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobproblem"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/globalid"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/columns"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/page"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// again returns the command that imports files with these flags. It repeats every flag
// that affects the result, so that copying it does what was meant.
func (f importFlags) again(s *services, files ...string) string {
	var b strings.Builder
	b.WriteString("homeroom import")
	add := func(flag, value, byDefault string) {
		if value != byDefault {
			b.WriteString(" --" + flag + " " + config.Word(value))
		}
	}
	add("kind", f.kind, "")
	add("organization", f.organization, "")
	if f.scratch {
		add("district", f.district, "")
	}
	add("groups-mode", f.groupsMode, "add")
	add("commit-mode", f.commitMode, "valid-rows")
	add("missing", f.missing, "ignore")
	add("leavers", f.leavers, "")
	if f.createGroups {
		b.WriteString(" --create-missing-groups")
	}
	for _, text := range f.maps {
		add("map", text, "")
	}
	if f.dryRun {
		b.WriteString(" --dry-run")
	}
	if f.noHold {
		b.WriteString(" --no-hold")
	}
	b.WriteString(s.again)
	for _, file := range files {
		if strings.HasPrefix(file, "-") {
			file = "./" + file
		}
		b.WriteString(" " + config.Word(file))
	}
	return b.String()
}

// flagsOf returns the flags with which a job was submitted.
func flagsOf(ctx context.Context, s *services, job *db.BulkJob) (importFlags, error) {
	f := importFlags{
		kind:       kindName(job.Kind),
		groupsMode: "add",
		commitMode: "valid-rows",
		left:       []string{cmp.Or(job.FileName, "FILE")},

		createGroups: job.CreateMissingGroups,
	}
	for name, mode := range groupsModes {
		if mode == job.GroupsMode {
			f.groupsMode = name
		}
	}
	for name, removal := range removals {
		if removal == job.Missing {
			f.missing = name
		}
		if removal == bulkjob.Missing(job.Leavers) && removal != job.Missing {
			f.leavers = name
		}
	}
	for name, mode := range commitModes {
		if mode == job.CommitMode {
			f.commitMode = name
		}
	}
	for _, c := range columns.List(job) {
		f.maps = append(f.maps, c.Header+"="+c.Column)
	}
	districts, err := s.db.Client(ctx).Organization.Query().Where(organization.TypeEQ(organization.TypeDISTRICT)).
		Count(viewer.AsSystem(ctx, "whether a command has to name the district"))
	if job.OrganizationID != job.DistrictID || districts != 1 {
		f.organization = globalid.Encode(globalid.Organization, job.OrganizationID)
	}
	return f, err
}

// kindName is the name of a kind of file on the command line; empty for a job without a
// file.
func kindName(kind bulkjob.Kind) string {
	for _, name := range slices.Sorted(maps.Keys(kindNames)) {
		if kindNames[name] == kind {
			return name
		}
	}
	return ""
}

// about returns a command about a job.
func about(s *services, job *db.BulkJob, command string) string {
	return "homeroom job " + command + " " + globalid.Encode(globalid.BulkJob, job.ID) + s.again
}

// nameNext says how to go on with a job that was not carried out completely. f has the
// flags for importing the file again; its left files start with the file of the job.
func (a *app) nameNext(ctx context.Context, s *services, job *db.BulkJob, f importFlags) error {
	// The job of a dry run into an empty database no longer exists.
	refused := false
	if !f.scratch {
		has, err := s.importer.HaveFailedRows(ctx, []int{job.ID})
		if err != nil {
			return err
		}
		refused = has[job.ID]
	}
	rows := about(s, job, "failed-rows") + " > failed-rows.csv"
	switch {
	case job.Status == bulkjob.StatusREADY:
		fmt.Fprintf(a.out, "  To start it: %s\n  To cancel it: %s\n", about(s, job, "start"), about(s, job, "cancel"))
	case job.Status == bulkjob.StatusHELD:
		return a.nameHeld(ctx, s, job, f)
	case job.Status == bulkjob.StatusPARTIALLY_UNDONE:
		fmt.Fprintf(a.out, "  To list the rows that were left unchanged: %s --show %d\n", about(s, job, "show"),
			max(100, job.TotalRows))
	case job.Status == bulkjob.StatusCANCELED && job.StartedAt != nil:
		fmt.Fprintf(a.out, "  It was canceled; the changes made before that stay. To undo them: %s\n", about(s, job, "undo"))
	case refused && kindName(job.Kind) == "":
		fmt.Fprintf(a.out, "  The students who were refused, and why: %s\n", rows)
	case job.Status == bulkjob.StatusFAILED && kindName(job.Kind) != "":
		a.nameWhole(s, job, f, refused)
	case refused && job.Status == bulkjob.StatusCOMPLETED_WITH_ERRORS:
		f.kind = kindName(job.Kind)
		fmt.Fprintf(a.out, "  To get the refused rows: %s\n  To import them, once corrected: %s\n", rows,
			f.again(s, "failed-rows.csv"))
	}
	return nil
}

// nameWhole says how to go on if nothing of a file was written. Importing only the refused
// rows would lose the good ones.
func (a *app) nameWhole(s *services, job *db.BulkJob, f importFlags, refused bool) {
	mend := "Correct the file"
	if refused {
		fmt.Fprintf(a.out, "  To get the refused rows: %s > failed-rows.csv\n", about(s, job, "failed-rows"))
		mend = "None of the other rows was written either: correct the refused ones in " + f.left[0]
	}
	after := ""
	if len(f.left) > 1 {
		after = " with those that come after it"
	}
	fmt.Fprintf(a.out, "  %s, and import the whole file again%s: %s\n", mend, after, f.again(s, f.left...))
}

// tellHeld says why a job is on hold. The last finding counts.
func (a *app) tellHeld(ctx context.Context, s *services, job *db.BulkJob) error {
	warning, first := bulkjobproblem.SeverityWARNING, page.Max
	p, err := s.importer.Problems(ctx, job.ID, &first, nil, &warning)
	for _, x := range p.Items {
		if x.Row == 0 && x.Code == row.Held {
			fmt.Fprintf(a.out, "  %s\n", x.Message)
		}
	}
	return err
}

// nameHeld says who has to approve a job, and how.
func (a *app) nameHeld(ctx context.Context, s *services, job *db.BulkJob, f importFlags) error {
	id := globalid.Encode(globalid.BulkJob, job.ID)
	byOperator, err := s.db.Client(ctx).Educator.Query().Where(educator.ID(job.SubmittedBy), isOperator()).
		Exist(viewer.AsSystem(ctx, "whether the operator has submitted a job"))
	if err != nil {
		return err
	}
	if job.HeldFor != nil && *job.HeldFor == bulkjob.HeldForUNDO {
		fmt.Fprintf(a.out,
			"  The undo of %s waits for another administrator. Nothing was put back.\n  To approve it as second "+
				"administrator: %s\n  To cancel the undo: %s\n", id, about(s, job, "start"), about(s, job, "cancel"))
		return nil
	}
	fmt.Fprintf(a.out, "  %s waits for another administrator. Nothing was written.\n", id)
	if byOperator {
		fmt.Fprintf(a.out, "  Another administrator of the organization looks at it, and approves it in GraphiQL:\n"+
			"    mutation { approveBulkJob(id: \"%s\", previewVersion: %d) { job { status } userErrors { message } } }\n", id,
			jobs.PreviewVersion(job))
	} else {
		fmt.Fprintf(a.out, "  To approve it as second administrator: %s\n", about(s, job, "start"))
	}
	fmt.Fprintf(a.out, "  To cancel it: %s\n", about(s, job, "cancel"))
	if len(f.left) > 1 {
		fmt.Fprintf(a.out, "  To import the files after it, once it is done: %s\n", f.again(s, f.left[1:]...))
	}
	return nil
}

// adviseFailedRows says what a file of refused rows is good for.
func (a *app) adviseFailedRows(ctx context.Context, s *services, job *db.BulkJob) error {
	f, err := flagsOf(ctx, s, job)
	switch {
	case err != nil || f.kind == "":
		return err
	case job.Status == bulkjob.StatusFAILED:
		fmt.Fprintf(a.err,
			"Nothing of %s was written, and these are only its refused rows: correct them in that file, "+
				"and import the whole file again: %s\n", f.left[0], f.again(s, f.left...))
	default:
		fmt.Fprintf(a.err, "When the rows are corrected: %s\n", f.again(s, "failed-rows.csv"))
	}
	return nil
}
