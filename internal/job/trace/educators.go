package trace

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrow"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// EraseEducatorRows removes the data of an educator from the rows of imports of
// educators, with their problems and refused rows. Rows that are not yet written stay
// as they are: starting such a job brings the person back on purpose. Call it in the
// transaction that erases the account.
func (t *Traces) EraseEducatorRows(ctx context.Context, client *db.Client, districtID, educatorID int) (int, error) {
	system := viewer.AsSystem(ctx, "rows of jobs that are about an educator")
	rows, err := client.BulkJobRow.Query().Where(bulkjobrow.TargetID(educatorID), bulkjobrow.StateNEQ(row.StatePlanned),
		bulkjobrow.HasJobWith(bulkjob.DistrictID(districtID), bulkjob.KindEQ(bulkjob.KindIMPORT_EDUCATORS))).All(system)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	updates := make([]bulk.Change, len(rows))
	for i, r := range rows {
		p, err := row.ReadPlan(r.Plan)
		if err != nil {
			return 0, err
		}
		text, err := (&row.Plan{N: p.N, Do: p.Do, Changes: []row.Change{}}).Encode()
		if err != nil {
			return 0, err
		}
		updates[i] = bulk.Change{
			ID:  r.ID,
			Set: map[string]any{"target_id": 0, "label": erasedLabel, "plan": text, "before": nil, "change_count": 0},
		}
		if err := eraseBeside(ctx, client, r.JobID, []int{r.Row}); err != nil {
			return 0, err
		}
	}
	return len(rows), bulk.Update(ctx, client, "bulk_job_rows", "", updates)
}
