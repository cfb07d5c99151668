package job

import (
	"context"
	"errors"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/job/budget"
	"github.com/openhomeroom/homeroom/internal/job/original"
)

const (
	// correctTime is how much CPU time the reading of a file for one correction may
	// take; a file of a million rows takes a second or two. Somebody waits for it.
	correctTime = 10 * time.Second
	// correctAtOnce is how many corrections read files at the same time.
	correctAtOnce = 2
	// maxCommon is how many rows may share an ID, a name or an address with the corrected
	// row. All of them are checked with it.
	maxCommon = 1000
)

// errTooLongToCorrect refuses the correction of a row that would take longer than a
// request may.
var errTooLongToCorrect = fault.Conflictf(
	"the file takes too long to read, or too many of its rows share a value, so its rows cannot be corrected " +
		"here; cancel this upload, correct the file and upload it again").WithCode("NOT_CORRECTABLE").At("jobId")

// readToCorrect returns the rows of a file for a correction, under a budget, when it
// is its turn. The caller stays on its thread until it calls done.
func (s correction) readToCorrect(ctx context.Context, job *db.BulkJob) (file *original.Rows, done func(), err error) {
	select {
	case s.correcting <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	b := budget.New(s.cpu, correctTime, 0)
	end := b.BeginReading()
	file = s.files.Of(job)
	file.Limits = b.Limits(ctx, s.limits)
	return file, func() {
		end()
		<-s.correcting
	}, nil
}

// notTooLong says in words of a correction what the budget says of a file.
func notTooLong(err error) error {
	var e *csvfile.Error
	if errors.As(err, &e) && e.Code == budget.CheckTooCostly {
		return errTooLongToCorrect
	}
	return err
}
