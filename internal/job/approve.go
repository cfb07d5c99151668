package job

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/servicekey"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/job/state"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// PreviewChanged is the code for a start or an approval of what a job does not do any more.
const PreviewChanged = "PREVIEW_CHANGED"

// PreviewVersion changes whenever a row of the job is corrected, or is withdrawn because
// its student was erased: what somebody has looked at under one number is what is carried
// out under it. It also grows while servers work on the job.
func PreviewVersion(job *db.BulkJob) int { return job.Fence }

// Approve lets a job on hold continue. It needs an administrator of the job's organization
// who has not submitted the job, created the service key that submitted it, started it, or
// corrected any of its rows: another person notices a mistake, and a person who has only
// submitted a job has not yet said that it should run. The administrator's account must
// also not be one in which one of these people could act; see hold.Approval. An undo on
// hold is approved in the same way, by somebody who has not asked for it.
//
// seen is the version of the preview that the administrator has looked at, or nil. An
// approval applies to that version only. It is required if a row was corrected after the
// job was put on hold. Approve returns fault.Conflict for another version and for a job
// that is not HELD, and fault.Forbidden for somebody who may not approve it.
func (s *Service) Approve(ctx context.Context, jobID int, seen *int) (*db.BulkJob, error) {
	job, err := s.Job(ctx, jobID)
	if err != nil {
		return nil, err
	}
	v := viewer.FromContext(ctx)
	own, err := s.starting.isOwn(ctx, job)
	// The operator, who can do without a hold, has looked at the job before starting it.
	_, isOperator := viewer.OperatorOf(ctx)
	switch {
	case err != nil:
		return nil, err
	case own:
		return nil, fault.Forbiddenf("another administrator has to approve the %s, because it is your own",
			s.kinds.Noun(job)).At("id")
	case !v.Administers(job.OrganizationID, job.DistrictID):
		return nil, fault.Forbiddenf("an administrator has to approve the %s", s.kinds.Noun(job)).At("id")
	case !state.HoldsUndo(job) && !isOperator && job.StartedBy != nil && *job.StartedBy == v.EducatorID:
		return nil, fault.Forbiddenf(
			"another administrator has to approve the %s, because you have started it; or cancel it: "+
				"then the person who submits it again starts it, too",
			s.kinds.Noun(job)).At("id")
	case slices.Contains(job.CorrectedBy, v.EducatorID):
		return nil, fault.Forbiddenf("another administrator has to approve the %s, because you have corrected some of its "+
			"rows",
			s.kinds.Noun(job)).At("id")
	case job.Status != bulkjob.StatusHELD:
		return nil, s.notNow(job, "NOT_HELD")
	case seen == nil && job.CorrectedWhileHeld != 0, seen != nil && *seen != PreviewVersion(job):
		return nil, s.starting.previewChanged(job)
	}
	if err := s.starting.approvalOf(job).Refuse(ctx, s.db.Client(ctx), s.now()); err != nil {
		if refusal := fault.From(err); refusal != nil {
			return nil, refusal.At("id")
		}
		return nil, err
	}
	approved, err := s.change(ctx, job, "NOT_HELD", func(ctx context.Context, client *db.Client) error {
		if state.HoldsUndo(job) {
			record(ctx, audit.JobApproved, job, audit.Facts{"version": PreviewVersion(job), "undo": true})
			return s.holding.approveUndo(ctx, client, job)
		}
		record(ctx, audit.JobApproved, job, audit.Facts{"version": PreviewVersion(job)})
		return bulk.MustHitOne(client.ExecContext(ctx,
			"UPDATE bulk_jobs SET status = ?, held_for = NULL, approved_by = ?, started_at = ?, lease_owner = '', "+
				"lease_until = NULL WHERE id = ? AND status = ? AND fence = ?",
			string(bulkjob.StatusPROCESSING), v.EducatorID, s.instant(), jobID, string(bulkjob.StatusHELD), job.Fence))
	})
	if err != nil {
		if now, _ := s.Job(ctx, jobID); now != nil && now.Status == bulkjob.StatusHELD && now.Fence != job.Fence {
			return nil, s.starting.previewChanged(now)
		}
	}
	return approved, err
}

func (s starting) previewChanged(job *db.BulkJob) error {
	return fault.Conflictf(
		"rows of the %s have been corrected since; look again at what it would change, "+
			"and give its new previewVersion, %d",
		s.kinds.Noun(job), PreviewVersion(job)).WithCode(PreviewChanged).At("previewVersion")
}

// isOwn reports whether the viewer has submitted a job, or has made the service key
// with which it was submitted.
func (s starting) isOwn(ctx context.Context, job *db.BulkJob) (bool, error) {
	v := viewer.FromContext(ctx)
	if state.HoldsUndo(job) {
		return job.UndoneBy != nil && *job.UndoneBy == v.EducatorID, nil
	}
	if job.SubmittedBy == v.SubmitterID() {
		return true, nil
	}
	return s.db.Client(ctx).ServiceKey.Query().
		Where(servicekey.AgentID(job.SubmittedBy), servicekey.CreatedBy(v.EducatorID)).
		Exist(viewer.AsSystem(ctx, "who made the key of a job"))
}

// approvalOf describes what a second administrator of a held job agrees to: the job,
// for everybody with a hand in it, or its undo, for the person who has asked for it.
func (s starting) approvalOf(job *db.BulkJob) hold.Approval {
	a := hold.Approval{
		OrganizationID: job.OrganizationID,
		DistrictID:     job.DistrictID,
		AskedAt:        job.CreatedAt,
		By:             append([]int{job.SubmittedBy}, job.CorrectedBy...),
	}
	if job.StartedBy != nil {
		a.By = append(a.By, *job.StartedBy)
	}
	if state.HoldsUndo(job) && job.UndoneBy != nil && job.HeldAt != nil {
		a.By, a.AskedAt = []int{*job.UndoneBy}, *job.HeldAt
	}
	return a
}

// noteCorrection raises the version of a job when the viewer corrects one of its rows.
// It returns errLost if the job is not as it was read. No server works on a READY or
// HELD job, so the fence can distinguish two corrections, and a correction from a
// start or an approval.
func (s correction) noteCorrection(ctx context.Context, client *db.Client, job *db.BulkJob) error {
	by := job.CorrectedBy
	if id := viewer.FromContext(ctx).EducatorID; !slices.Contains(by, id) {
		by = append(slices.Clone(by), id)
	}
	list, err := json.Marshal(by)
	if err != nil {
		return err
	}
	// MySQL takes no JSON from bytes that are not said to be text.
	return bulk.MustHitOne(client.ExecContext(ctx,
		"UPDATE bulk_jobs SET fence = fence + 1, corrected_by = ?, corrected_while_held = ?, key_print = ? WHERE id = ? "+
			"AND status = ? AND fence = ?", json.RawMessage(list), bulk.Flag(job.Status == bulkjob.StatusHELD),
		s.vault.Adopted(job.KeyPrint), job.ID, string(job.Status), job.Fence))
}
