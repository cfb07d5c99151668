// Package actor finds out for which people a job acts, and what each of them may do.
package actor

import (
	"context"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/servicekey"
	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Hands are the people with a hand in what a job writes: who submitted it, started it,
// approved it and corrected rows of it. For them, nothing is read, shown or written
// that one of them alone may not see or do. So nobody gains from somebody else's job:
// neither by changing a row of it, nor by starting what somebody put there.
//
// An undo has other effects than its job; only the person who asked for it has a hand
// in it.
type Hands struct {
	// Viewer sees and does what each of them may, with their present roles; nil if the job
	// can no longer act for one of them, and then why says so.
	Viewer *viewer.Viewer
	Why    *row.Problem
	// Lost are correctors for whom the job can no longer act. Only the rows that they have
	// corrected are refused.
	Lost []int
}

// Actors finds out for whom a job acts.
type Actors struct {
	row.Env
	kinds kind.Table
	// Viewer returns an educator with the roles of this moment.
	Viewer func(ctx context.Context, educatorID int) (*viewer.Viewer, error)
}

// NewActors returns the actors of a database; rolesOf is asked for the roles of an educator.
func NewActors(e row.Env, kinds kind.Table,
	rolesOf func(ctx context.Context, educatorID int) (*viewer.Viewer, error)) *Actors {
	a := &Actors{Env: e, kinds: kinds}
	a.Viewer = func(ctx context.Context, educatorID int) (*viewer.Viewer, error) {
		v, err := rolesOf(ctx, educatorID)
		if err != nil {
			return nil, err
		}
		return a.asKey(ctx, v)
	}
	return a
}

// asKey returns a viewer as it is, or, if a service key acts in that name, with the rights
// of the key. Roles that somebody has given to the key's account do not count.
func (a *Actors) asKey(ctx context.Context, v *viewer.Viewer) (*viewer.Viewer, error) {
	k, err := a.DB.Client(ctx).ServiceKey.Query().Where(servicekey.AgentID(v.EducatorID)).
		Only(viewer.AsSystem(ctx, "what the key of a program may"))
	switch {
	case db.IsNotFound(err):
		return v, nil
	case err != nil:
		return nil, err
	case k.RevokedAt != nil, !slices.Contains(k.Scopes, string(viewer.RosterImport)):
		return nil, fault.Unauthenticatedf("the service key was revoked")
	}
	stands, err := a.DB.Client(ctx).ServiceKey.Query().Where(servicekey.ID(k.ID), credential.KeysThatStand()).
		Exist(viewer.AsSystem(ctx, "whether the maker of a key may still make it"))
	if err != nil {
		return nil, err
	}
	if !stands {
		return nil, fault.Unauthenticatedf("the person who made the service key no longer administers its organization")
	}
	as := viewer.Assignment{Role: viewer.SchoolAdmin, OrganizationID: k.OrganizationID, DistrictID: k.DistrictID}
	if k.OrganizationID == k.DistrictID {
		as.Role = viewer.DistrictAdmin
	}
	of := *v
	of.Assignments = []viewer.Assignment{as}
	return &of, nil
}

// HandsOf returns the hands in a job, and others who are about to have one.
func (a *Actors) HandsOf(ctx context.Context, job *db.BulkJob, others ...*viewer.Viewer) (*Hands, error) {
	submitter, why, err := a.Submitter(ctx, job)
	if err != nil || why != nil {
		return &Hands{Why: why}, err
	}
	for _, id := range []*int{job.StartedBy, job.ApprovedBy} {
		if id == nil || *id == 0 || *id == job.SubmittedBy {
			continue
		}
		v, lost, err := a.hand(ctx, job, *id)
		switch {
		case err != nil:
			return nil, err
		case lost == disabled:
			return &Hands{Why: row.Problemf(row.AccountDisabled, "Have somebody else upload the file.",
				"The account of the person who started or approved the upload has been disabled.")}, nil
		case lost == withoutRole:
			return &Hands{Why: row.Problemf(row.RoleLost, "Have somebody with a role there upload the file.",
				"The person who started or approved the upload no longer has a role that allows it at this organization.")}, nil
		}
		others = append(others, v)
	}
	h := &Hands{}
	for _, id := range job.CorrectedBy {
		if id == 0 || id == job.SubmittedBy {
			continue
		}
		v, lost, err := a.hand(ctx, job, id)
		switch {
		case err != nil:
			return nil, err
		case lost != "":
			h.Lost = append(h.Lost, id)
			continue
		}
		others = append(others, v)
	}
	h.Viewer = viewer.Jointly(submitter, others...)
	return h, nil
}

// The reasons for which a job cannot act for somebody.
const (
	disabled    = "disabled"
	withoutRole = "without a role"
)

// hand returns a person with a hand in a job, with their present roles, or why the job
// can no longer act for that person.
func (a *Actors) hand(ctx context.Context, job *db.BulkJob, educatorID int) (v *viewer.Viewer, lost string, err error) {
	v, err = a.Viewer(ctx, educatorID)
	if fault.KindOf(err) == fault.Unauthenticated {
		return nil, disabled, nil
	}
	if err != nil {
		return nil, "", err
	}
	if a.kinds.BySelection(job.Kind) {
		if v.DistrictID == job.DistrictID && a.kinds.MaySelect(v, job.Kind) == nil {
			return v, "", nil
		}
		return nil, withoutRole, nil
	}
	o, err := a.DB.Client(ctx).Organization.Query().Where(organization.ID(job.OrganizationID)).
		Only(viewer.NewContext(ctx, v))
	switch {
	case db.IsNotFound(err), err == nil && a.kinds.MaySubmit(v, o, job.Kind) != nil:
		return nil, withoutRole, nil //nolint:nilerr // what is gone, or not allowed any more, is a lost role
	case err != nil:
		return nil, "", err
	}
	return v, "", nil
}

// HandOf is the viewer of a request as a hand in a job, or nil for the server itself
// and for the submitter. A program acts in the name of its agent, who is the
// submitter of all that it sees.
func HandOf(ctx context.Context, job *db.BulkJob) *viewer.Viewer {
	v := viewer.FromContext(ctx)
	if v.IsSystem() || v.SubmitterID() == 0 || v.SubmitterID() == job.SubmittedBy {
		return nil
	}
	return v
}

// HandID is the account in whose name the viewer has a hand in a job; nil for the
// server itself.
func HandID(ctx context.Context) any {
	if id := viewer.FromContext(ctx).SubmitterID(); id != 0 {
		return id
	}
	return nil
}

// CorrectorLost is the reason for refusing a row whose corrector may no longer act.
func CorrectorLost() *row.Problem {
	return row.Problemf(row.RoleLost, "Upload the row again.",
		"Somebody who corrected this row no longer has a role that allows it.")
}

// SeesAll reports whether the viewer sees all rows of a job: who submitted it does,
// and the administrators of its district. Rows of a job for one school that name
// something outside of it are not there for others.
func SeesAll(ctx context.Context, job *db.BulkJob) bool {
	v := viewer.FromContext(ctx)
	return v.Administers(job.DistrictID, job.DistrictID) || v.SubmitterID() == job.SubmittedBy
}

// Submitter returns the person for whom a job acts, with that person's current roles, or
// the reason why the job can no longer act for that person.
func (a *Actors) Submitter(ctx context.Context, job *db.BulkJob) (*viewer.Viewer, *row.Problem, error) {
	v, lost, err := a.hand(ctx, job, job.SubmittedBy)
	switch {
	case err != nil:
		return nil, nil, err
	case lost == disabled:
		return nil, row.Problemf(row.AccountDisabled, "Have somebody else upload the file.",
			"The account of the person who uploaded the file has been disabled."), nil
	case lost != "" && a.kinds.BySelection(job.Kind):
		return nil, row.Problemf(row.RoleLost, "Have somebody with a role there do it.",
			"The person who asked for this no longer has a role that allows it."), nil
	case lost != "":
		return nil, row.Problemf(row.RoleLost, "Have somebody with a role there upload the file.",
			"The person who uploaded the file no longer has a role that allows it at this organization."), nil
	}
	return v, nil, nil
}
