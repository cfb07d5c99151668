package job

import (
	"context"
	"errors"
	"math"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobproblem"
	"github.com/openhomeroom/homeroom/internal/job/queue"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/quote"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// What the check of one job writes down at most. A row of two bytes can cost several hundred
// bytes of problems, so the size of a file does not limit them. A file of a hundred thousand
// rows that are all wrong in several cells is within the limits.
const (
	maxRefused  = 200_000
	maxProblems = 500_000
)

// shownProblems is how many problems are kept of a job that failed because it has too many.
const shownProblems = 1000

// tooManyProblems is returned when the check has written down as much as it may.
type tooManyProblems struct{ why *row.Problem }

// Error implements error.
func (e *tooManyProblems) Error() string { return "job: " + e.why.Message }

// tooMany says why a job is not checked any further that has refused some rows and written
// down some problems, or returns nil.
func (s *Service) tooMany(job *db.BulkJob, refused, problems int) *row.Problem {
	hint := "Correct the cause that the first problems name, and upload the file again. " +
		"If only some of the rows are wrong, split the file into several ones."
	if s.kinds.BySelection(job.Kind) {
		hint = "Solve what the first problems name, or select fewer students."
	}
	switch {
	case refused > s.maxRefused:
		return row.Problemf(row.TooManyProblems, hint,
			"More than %s cannot be used, so the check was stopped. Only the first problems are shown. Nothing was written.",
			quote.Count(s.maxRefused, "row"))
	case problems > s.maxProblems:
		return row.Problemf(row.TooManyProblems, hint,
			"The rows have more than %s, so the check was stopped. Only the first ones are shown. Nothing was written.",
			quote.Count(s.maxProblems, "problem"))
	}
	return nil
}

// failPreview ends a job whose rows have too many problems, or reveal too much to the
// submitter, and returns any other error. The first problems are kept to show what is wrong;
// the refused rows are not, because a file of only the first ones would look like all.
func (s checking) failPreview(ctx context.Context, h *queue.Lease, err error) error {
	var many *tooManyProblems
	if !errors.As(err, &many) {
		return s.failProbe(ctx, h, err)
	}
	last, err := s.db.Client(ctx).BulkJobProblem.Query().Where(bulkjobproblem.JobID(h.Job.ID)).
		Order(db.Asc(bulkjobproblem.FieldRow)).Offset(shownProblems - 1).Limit(1).Select(bulkjobproblem.FieldRow).
		Ints(viewer.AsSystem(ctx, "up to which row the problems of a job are kept"))
	if err != nil {
		return err
	}
	keep := math.MaxInt32
	if len(last) > 0 {
		keep = last[0]
	}
	return s.failKeeping(ctx, h, many.why, keep)
}
