package importer

import (
	"context"
	"slices"

	"homeroom/ent/db"
	"homeroom/ent/db/organization"
	"homeroom/internal/fault"
	"homeroom/internal/viewer"
)

// hands are those who have a hand in what a job writes: who submitted it, started
// it, approved it and corrected rows of it. Nothing is read, shown or written for
// them that one of them may not see or do alone. So nobody gains by a job of
// somebody else: not by what is put into a row of it, and not by starting what
// somebody has put there.
//
// An undo has other effects than its job, and is in the hand of whoever asked for it.
type hands struct {
	// v sees and does what each of them may, with the roles of this moment; nil where
	// the job cannot act for one of them any more, and then why says so.
	v   *viewer.Viewer
	why *problem
	// lost are correctors for whom the job cannot act any more. Only the rows that they
	// have corrected are refused.
	lost []int
}

// handsOf returns the hands in a job, and others beside them who are about to have
// one.
func (s *Service) handsOf(ctx context.Context, job *db.BulkJob, others ...*viewer.Viewer) (*hands, error) {
	submitter, why, err := s.submitter(ctx, job)
	if err != nil || why != nil {
		return &hands{why: why}, err
	}
	for _, id := range []*int{job.StartedBy, job.ApprovedBy} {
		if id == nil || *id == 0 || *id == job.SubmittedBy {
			continue
		}
		v, lost, err := s.hand(ctx, job, *id)
		switch {
		case err != nil:
			return nil, err
		case lost == disabled:
			return &hands{why: problemf(AccountDisabled, "Somebody else can upload the file.", "The account of the person who started or approved the upload has been disabled.")}, nil
		case lost == withoutRole:
			return &hands{why: problemf(RoleLost, "Somebody with a role there can upload the file.",
				"The person who started or approved the upload no longer has a role that allows it at this organization.")}, nil
		}
		others = append(others, v)
	}
	h := &hands{}
	for _, id := range job.CorrectedBy {
		if id == 0 || id == job.SubmittedBy {
			continue
		}
		v, lost, err := s.hand(ctx, job, id)
		switch {
		case err != nil:
			return nil, err
		case lost != "":
			h.lost = append(h.lost, id)
			continue
		}
		others = append(others, v)
	}
	h.v = viewer.Jointly(submitter, others...)
	return h, nil
}

// The reasons for which a job cannot act for somebody.
const (
	disabled    = "disabled"
	withoutRole = "without a role"
)

// hand returns a person who has a hand in a job, with the roles of this moment, or
// why the job cannot act for that person any more.
func (s *Service) hand(ctx context.Context, job *db.BulkJob, educatorID int) (v *viewer.Viewer, lost string, err error) {
	v, err = s.viewer(ctx, educatorID)
	if fault.KindOf(err) == fault.Unauthenticated {
		return nil, disabled, nil
	}
	if err != nil {
		return nil, "", err
	}
	if s.bySelection(job.Kind) {
		if v.DistrictID == job.DistrictID && s.maySelect(v, job.Kind) == nil {
			return v, "", nil
		}
		return nil, withoutRole, nil
	}
	o, err := s.db.Client(ctx).Organization.Query().Where(organization.ID(job.OrganizationID)).Only(viewer.NewContext(ctx, v))
	switch {
	case db.IsNotFound(err), err == nil && s.maySubmit(v, o, job.Kind) != nil:
		return nil, withoutRole, nil
	case err != nil:
		return nil, "", err
	}
	return v, "", nil
}

// handOf is the viewer of a request as a hand in a job, or nil for the server itself
// and for the submitter. A program acts in the name of its agent, who is the
// submitter of all that it sees.
func handOf(ctx context.Context, job *db.BulkJob) *viewer.Viewer {
	v := viewer.FromContext(ctx)
	if v.IsSystem() || v.SubmitterID() == 0 || v.SubmitterID() == job.SubmittedBy {
		return nil
	}
	return v
}

// handID is the account in whose name the viewer has a hand in a job; nil for the
// server itself.
func handID(ctx context.Context) any {
	if id := viewer.FromContext(ctx).SubmitterID(); id != 0 {
		return id
	}
	return nil
}

// refuseLost refuses the rows that somebody has corrected for whom the job cannot
// act any more.
func (b *attempt) refuseLost() {
	for _, r := range b.open() {
		if slices.ContainsFunc(r.plan.By, func(id int) bool { return slices.Contains(b.lost, id) }) {
			r.refuse(correctorLost())
		}
	}
}

func correctorLost() *problem {
	return problemf(RoleLost, "Upload the row again.", "Somebody who has corrected this row no longer has a role that allows it.")
}

// seesAll reports whether the viewer sees all rows of a job: who submitted it does,
// and the administrators of its district. Rows of a job for one school that name
// something outside of it are not there for others.
func seesAll(ctx context.Context, job *db.BulkJob) bool {
	v := viewer.FromContext(ctx)
	return v.Administers(job.DistrictID, job.DistrictID) || v.SubmitterID() == job.SubmittedBy
}
