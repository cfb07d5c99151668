package app

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/internal/globalid"
)

// showVerified tells what the reader made of a file and what it will change.
func (a *app) showVerified(ctx context.Context, s *services, job *db.BulkJob, most int) error {
	if job.Encoding != "" {
		// A workbook has neither delimiter nor line ends.
		format := slices.DeleteFunc([]string{job.Encoding, job.Delimiter, job.LineEnding}, func(s string) bool { return s == "none" })
		fmt.Fprintf(a.out, "%s: %d rows (%s)\n", job.FileName, job.TotalRows, strings.Join(format, ", "))
	} else {
		fmt.Fprintf(a.out, "%s\n", job.FileName)
	}
	if len(job.IgnoredHeaders) > 0 {
		fmt.Fprintf(a.out, "  columns not read: %s\n", strings.Join(job.IgnoredHeaders, ", "))
	}
	if job.Status == bulkjob.StatusREADY {
		fmt.Fprintf(a.out, "  will create %d, update %d, leave %d, refuse %d; enrollments: %d more, %d fewer\n",
			job.Created, job.Updated, job.Unchanged, job.Errors, job.EnrollmentsAdded, job.EnrollmentsRemoved)
		if err := a.showChanges(ctx, s, job, most); err != nil {
			return err
		}
	}
	if err := a.showProblems(ctx, s, job, most); err != nil {
		return err
	}
	if job.Status == bulkjob.StatusFAILED {
		fmt.Fprintln(a.out, "  Nothing was written.")
		return a.nameFailedRows(ctx, s, job)
	}
	return nil
}

// nameFailedRows tells how to get the refused rows of a job, if there are any.
func (a *app) nameFailedRows(ctx context.Context, s *services, job *db.BulkJob) error {
	has, err := s.importer.HaveFailedRows(ctx, []int{job.ID})
	if err == nil && has[job.ID] {
		fmt.Fprintf(a.out, "  The refused rows, to be mended and imported again: homeroom job failed-rows %s%s > failed-rows.csv\n",
			globalid.Encode(globalid.BulkJob, job.ID), s.again)
	}
	return err
}

func (a *app) showDone(ctx context.Context, s *services, job *db.BulkJob, most int) error {
	if job.Status == bulkjob.StatusFAILED {
		fmt.Fprintln(a.out, "  Nothing was written.")
		if err := a.showProblems(ctx, s, job, most); err != nil {
			return err
		}
		return a.nameFailedRows(ctx, s, job)
	}
	fmt.Fprintf(a.out, "  created %d, updated %d, unchanged %d, refused %d; enrollments: %d added, %d removed\n",
		job.Created, job.Updated, job.Unchanged, job.Errors, job.EnrollmentsAdded, job.EnrollmentsRemoved)
	return a.nameFailedRows(ctx, s, job)
}

func (a *app) showChanges(ctx context.Context, s *services, job *db.BulkJob, most int) error {
	if most == 0 {
		return nil
	}
	p, err := s.importer.Changes(ctx, job.ID, &most, nil)
	if err != nil {
		return err
	}
	for _, c := range p.Items {
		fmt.Fprintf(a.out, "  row %d, %s: %s: %s → %s\n", c.Row, c.Label, c.Field, shown(c.Before), shown(c.After))
	}
	if p.HasNextPage {
		n, err := s.importer.CountChanges(ctx, job.ID)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "  … and %d more changes\n", n-len(p.Items))
	}
	return nil
}

func (a *app) showProblems(ctx context.Context, s *services, job *db.BulkJob, most int) error {
	if most == 0 {
		return nil
	}
	p, err := s.importer.Problems(ctx, job.ID, &most, nil, nil)
	if err != nil {
		return err
	}
	for _, x := range p.Items {
		where := "the file"
		if x.Row > 0 {
			where = fmt.Sprintf("row %d", x.Row)
		}
		if x.Column != "" {
			where += ", " + x.Column
		}
		fmt.Fprintf(a.out, "  %s in %s: %s %s (%s)\n", x.Severity, where, x.Message, x.Hint, x.Code)
	}
	if p.HasNextPage {
		n, err := s.importer.CountProblems(ctx, job.ID, nil)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "  … and %d more problems\n", n-len(p.Items))
	}
	return nil
}

func shown(value *string) string {
	if value == nil || *value == "" {
		return "(nothing)"
	}
	return *value
}
