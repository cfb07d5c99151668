package audit

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrow"
	"github.com/openhomeroom/homeroom/internal/globalid"
)

// stateApplied is the state of a bulk job's row that was carried out and not undone.
const stateApplied = 1

// batchFacts are the facts in the entry of a batch.
type batchFacts struct {
	From, To, Rows, Images int
	Digest                 string
}

// checkRows compares the entry of a batch with the rows of the job, as long as all of them
// are there. Undoing, expiry and erasure remove rows.
func (w *walk) checkRows(ctx context.Context, e *db.AuditEvent) error {
	var f batchFacts
	if err := json.Unmarshal([]byte(e.Facts), &f); err != nil {
		return fmt.Errorf("facts of entry %d: %w", e.Seq, err)
	}
	if f.Rows == 0 {
		return nil
	}
	stored, err := w.client.BulkJobRow.Query().
		Where(bulkjobrow.JobID(e.JobID), bulkjobrow.RowGTE(f.From), bulkjobrow.RowLTE(f.To), bulkjobrow.State(stateApplied)).
		Order(db.Asc(bulkjobrow.FieldRow)).All(ctx)
	if err != nil {
		return err
	}
	var rows Rows
	nameless := false
	for _, r := range stored {
		rows.Add(r.Row, r.TargetID, r.AppliedVersion, r.Plan, r.Before)
		nameless = nameless || r.TargetID == 0
	}
	switch {
	case rows.Count() == f.Rows && rows.Digest() == f.Digest:
		w.batches++
		return nil
	case rows.Count() != f.Rows, f.Images > 0 && rows.Images() == 0:
		w.forgotten++
		return nil
	}
	// An erasure empties the row and removes its subject. It has an entry of its own.
	erased := false
	if nameless {
		erased, err = w.client.AuditEvent.Query().
			Where(auditevent.DistrictID(w.district), auditevent.ActionIn(string(StudentErased), string(EducatorErased)),
				auditevent.SeqGT(e.Seq)).Exist(ctx)
	}
	switch {
	case err != nil:
		return err
	case erased:
		w.forgotten++
	default:
		w.fail(Altered, e.Seq, "rows %d to %d of job %s are not the rows that entry %d describes", f.From, f.To,
			globalid.Encode(globalid.BulkJob, e.JobID), e.Seq)
	}
	return nil
}
