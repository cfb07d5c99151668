package job

import (
	"context"
	"errors"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/job/queue"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/probe"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// unseenIn counts the problems that reveal somebody whom the submitter does not see.
func unseenIn(problems []*row.Problem) (n int) {
	for _, p := range problems {
		if p.Unseen {
			n++
		}
	}
	return n
}

// noteUnseen counts what a correction reveals to the viewer.
func (s correction) noteUnseen(ctx context.Context, client *db.Client, districtID int, r *sheet.Row) error {
	return s.probes.Note(ctx, client, districtID, viewer.FromContext(ctx).SubmitterID(), unseenIn(r.Problems))
}

// stopAnswers ends the answers to the viewer for the day if err says that there were
// too many.
func (s correction) stopAnswers(ctx context.Context, districtID int, err error) {
	if errors.Is(err, probe.ErrStopped) {
		s.probes.Stop(ctx, districtID, viewer.FromContext(ctx).SubmitterID())
	}
}

// failProbe ends a job whose check would reveal too much to its submitter, and returns any
// other error.
func (s checking) failProbe(ctx context.Context, h *queue.Lease, err error) error {
	if !errors.Is(err, probe.ErrStopped) {
		return err
	}
	s.probes.Stop(ctx, h.Job.DistrictID, h.Job.SubmittedBy)
	return s.fail(ctx, h,
		row.Problemf(probe.Stopped,
			"Ask an administrator of the district to upload the file, or try again tomorrow with a file of only your own "+
				"students.",
			"In this file and your earlier attempts today, too many IDs, usernames or addresses belong to people "+
				"whom you cannot see, so the check was stopped. Nothing was written."))
}
