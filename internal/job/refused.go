package job

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrefusedrow"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/ent/rule"
	"github.com/openhomeroom/homeroom/internal/job/vault"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// HaveFailedRows returns which of some jobs have rows that FailedRows would give
// to the viewer.
func (s *Service) HaveFailedRows(ctx context.Context, jobIDs []int) (map[int]bool, error) {
	has := map[int]bool{}
	ids, err := s.db.Client(ctx).BulkJob.Query().
		Where(bulkjob.IDIn(jobIDs...), vault.IsWhole(), bulkjob.KeyPrintIn(s.vault.Readable()...),
			bulkjob.StatusNEQ(bulkjob.StatusVERIFYING), bulkjob.ErrorsGT(0), bulkjob.Not(neverStarted()),
			hasRefusedRow(viewer.FromContext(ctx))).IDs(ctx)
	for _, id := range ids {
		has[id] = true
	}
	return has, err
}

// hasRefusedRow looks for one row of each job that the viewer is shown and not, as
// HasRefusedRowsWith, for all rows of all jobs.
func hasRefusedRow(v *viewer.Viewer) predicate.BulkJob {
	return func(job *sql.Selector) {
		row := sql.Table(bulkjobrefusedrow.Table)
		rows := sql.Select(row.C(bulkjobrefusedrow.FieldID)).From(row).Where(sql.And(
			sql.ColumnsEQ(row.C(bulkjobrefusedrow.FieldJobID), job.C(bulkjob.FieldID)),
			sql.EQ(row.C(bulkjobrefusedrow.FieldRefused), 1)))
		rule.RefusedRowsSeen(v)(rows)
		job.Where(sql.Exists(rows))
	}
}
