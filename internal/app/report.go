package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobproblem"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/job/absence"
	"github.com/openhomeroom/homeroom/internal/job/catalog"
	"github.com/openhomeroom/homeroom/internal/job/cause"
	"github.com/openhomeroom/homeroom/internal/job/columns"
	"github.com/openhomeroom/homeroom/internal/job/newgroup"
	"github.com/openhomeroom/homeroom/internal/job/reader"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/page"
	"github.com/openhomeroom/homeroom/internal/quote"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// showVerified prints what the check made of a file, and what it will change.
func (a *app) showVerified(ctx context.Context, s *services, job *db.BulkJob, f importFlags) error {
	if job.Encoding != "" {
		// A workbook has no delimiter and no line endings.
		format := slices.DeleteFunc([]string{job.Encoding, job.Delimiter, job.LineEnding}, func(s string) bool {
			return s == "none"
		})
		fmt.Fprintf(a.out, "%s: %s (%s)\n", job.FileName, quote.Count(absence.FileRows(job), "row"),
			strings.Join(format, ", "))
	} else {
		fmt.Fprintf(a.out, "%s\n", job.FileName)
	}
	if len(job.IgnoredHeaders) > 0 {
		fmt.Fprintf(a.out, "  ignored columns: %s\n", strings.Join(job.IgnoredHeaders, ", "))
	}
	if err := a.showReadings(job); err != nil {
		return err
	}
	if job.Status == bulkjob.StatusREADY {
		fmt.Fprintf(a.out, "  will create %d, update %d, leave %d, refuse %d; enrollments: %d more, %d fewer\n",
			job.Created, job.Updated, job.Unchanged, job.Errors, job.EnrollmentsAdded, job.EnrollmentsRemoved)
		if err := a.showNewGroups(ctx, s, job, f.show); err != nil {
			return err
		}
		if err := a.showMissing(ctx, s, job); err != nil {
			return err
		}
		if err := a.showChanges(ctx, s, job, f.show); err != nil {
			return err
		}
	}
	if err := a.showProblems(ctx, s, job, f.show); err != nil {
		return err
	}
	if job.Status == bulkjob.StatusFAILED {
		fmt.Fprintln(a.out, "  Nothing was written.")
		return a.nameNext(ctx, s, job, f)
	}
	return nil
}

// showNewGroups prints which classes and groups a job of students creates, school by school.
func (a *app) showNewGroups(ctx context.Context, s *services, job *db.BulkJob, most int) error {
	list, err := newgroup.Of(job)
	if list = list.Named(); err != nil || len(list) == 0 {
		return err
	}
	names := map[int][]string{}
	for _, g := range list[:min(most, len(list))] {
		names[g.SchoolID] = append(names[g.SchoolID], g.Name)
	}
	schools, err := s.db.Client(ctx).Organization.Query().Where(organization.IDIn(slices.Collect(maps.Keys(names))...)).
		Order(db.Asc(organization.FieldName)).All(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "  will create classes and groups: %d\n", len(list))
	for _, o := range schools {
		fmt.Fprintf(a.out, "    at %s: %s\n", o.Name, strings.Join(names[o.ID], "; "))
	}
	if len(list) > most {
		fmt.Fprintf(a.out, "    … and %d more\n", len(list)-most)
	}
	return nil
}

// showMissing prints how many students are not in the file, and how many are deleted.
func (a *app) showMissing(ctx context.Context, s *services, job *db.BulkJob) error {
	if job.Deleted > 0 {
		fmt.Fprintf(a.out, "  will delete %s\n", quote.Count(job.Deleted, "student"))
	}
	if !roster.KnowsWhoIsIn(job) {
		return nil
	}
	n, err := s.db.Client(ctx).Student.Query().Where(roster.NotIn(job)).Count(ctx)
	if err == nil && n > 0 {
		fmt.Fprintf(a.out, "  not in this file: %s\n", quote.Count(n, "student"))
	}
	return err
}

// showReadings prints which headers somebody has said how to read, and what those that are
// not read may mean.
func (a *app) showReadings(job *db.BulkJob) error {
	choices, err := columns.Of(job)
	if err != nil {
		return err
	}
	for _, r := range catalog.Files().Readings(job.Kind, job.Headers, choices, nil) {
		switch {
		case r.How == sheet.Remembered && len(r.Columns) > 0:
			fmt.Fprintf(a.out, "  %s is read as %s, as in %s\n", quote.Text(r.Header), quote.And(r.Columns),
				globalid.Encode(globalid.BulkJob, choices.From))
		case r.How == sheet.Chosen && len(r.Columns) > 0:
			fmt.Fprintf(a.out, "  %s is read as %s\n", quote.Text(r.Header), quote.And(r.Columns))
		case r.Maybe != "":
			fmt.Fprintf(a.out, "  %s may be %s; if so, add --map %s\n", quote.Text(r.Header), r.Maybe,
				config.Word(r.Header+"="+r.Maybe))
		}
	}
	return nil
}

// showDone prints what has become of a file.
func (a *app) showDone(ctx context.Context, s *services, job *db.BulkJob, f importFlags) error {
	if job.Status == bulkjob.StatusFAILED {
		fmt.Fprintln(a.out, "  Nothing was written.")
		if err := a.showProblems(ctx, s, job, f.show); err != nil {
			return err
		}
		return a.nameNext(ctx, s, job, f)
	}
	fmt.Fprintf(a.out, "  created %d, updated %d, unchanged %d, refused %d; enrollments: %d added, %d removed\n",
		job.Created, job.Updated, job.Unchanged, job.Errors, job.EnrollmentsAdded, job.EnrollmentsRemoved)
	if job.Deleted > 0 {
		fmt.Fprintf(a.out, "  deleted %s\n", quote.Count(job.Deleted, "student"))
	}
	return a.nameNext(ctx, s, job, f)
}

// showChanges prints the first changes of a job, and how many more there are.
func (a *app) showChanges(ctx context.Context, s *services, job *db.BulkJob, most int) error {
	n, err := eachOf(most, func(first *int, after *string) (page.Result[reader.RowChange], error) {
		return s.importer.Changes(ctx, job.ID, first, after)
	}, func(c reader.RowChange) {
		fmt.Fprintf(a.out, "  row %d, %s: %s: %s → %s\n", c.Row, c.Label, c.Field, shown(c.Before), shown(c.After))
	})
	if err != nil || n < most || most == 0 {
		return err
	}
	all, err := s.importer.CountChanges(ctx, job.ID)
	if err == nil && all > n {
		fmt.Fprintf(a.out, "  … and %s\n", quote.Count(all-n, "more change"))
	}
	return err
}

// showProblems prints the problems of a job by cause, the most frequent ones first, and how
// many more there are.
func (a *app) showProblems(ctx context.Context, s *services, job *db.BulkJob, most int) error {
	// After an undo the warnings matter: they say which rows were left as they are.
	var only *bulkjobproblem.Severity
	if severity := bulkjobproblem.SeverityWARNING; job.Status == bulkjob.StatusPARTIALLY_UNDONE {
		only = &severity
	}
	first := min(most, cause.Most)
	groups, err := s.importer.ProblemGroups(ctx, job.ID, &first, only)
	if err != nil || len(groups) == 0 {
		return err
	}
	told := 0
	for _, g := range groups {
		told += g.Count
		where := rowsOf(g)
		if g.Column != "" {
			where += ", " + g.Column
		}
		fmt.Fprintf(a.out, "  %s in %s: %s (%s)\n", g.Severity, where, strings.TrimSpace(g.Message+" "+g.Hint), g.Code)
	}
	all, err := s.importer.CountProblems(ctx, job.ID, only)
	if err == nil && all > told {
		fmt.Fprintf(a.out, "  … and %s\n", quote.Count(all-told, "more problem"))
	}
	return err
}

// rowsOf names the rows of a group of problems. A row can have several, so it does not count
// rows. If they have several values, the message is
// that of the first one.
func rowsOf(g cause.Group) string {
	if len(g.Rows) == 0 || g.Rows[0] == 0 {
		return "the file"
	}
	if g.Count == 1 {
		return fmt.Sprintf("row %d", g.Rows[0])
	}
	rows := make([]string, len(g.Rows))
	for i, row := range g.Rows {
		rows[i] = strconv.Itoa(row)
	}
	named := strings.Join(rows, ", ")
	if g.Count > len(rows) {
		named += ", …"
	}
	if g.Values > 1 {
		return fmt.Sprintf("%s (rows %s; %s, such as the first)", quote.Count(g.Count, "place"), named,
			quote.Count(g.Values, "value"))
	}
	return fmt.Sprintf("%s (rows %s)", quote.Count(g.Count, "place"), named)
}

// eachOf calls a function with the first elements of a list, page by page. It returns how
// many there were, at most most.
func eachOf[T any](most int, read func(first *int, after *string) (page.Result[T], error),
	do func(T)) (n int, err error) {
	var after *string
	for n < most {
		first := min(most-n, page.Max)
		p, err := read(&first, after)
		if err != nil {
			return n, err
		}
		for _, x := range p.Items {
			do(x)
		}
		n += len(p.Items)
		if !p.HasNextPage || len(p.Items) == 0 {
			break
		}
		after = &p.Cursors[len(p.Cursors)-1]
	}
	return n, nil
}

func shown(value *string) string {
	if value == nil || *value == "" {
		return "(nothing)"
	}
	return *value
}
