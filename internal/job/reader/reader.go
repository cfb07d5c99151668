// Package reader shows jobs to the people who may see them: lists, problems, changes, and
// refused rows.
package reader

import (
	"context"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/vault"
	"github.com/openhomeroom/homeroom/internal/page"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// ErrNoJob is returned for a job that does not exist for the caller.
var ErrNoJob = fault.NotFoundf("there is no such upload among those you may see")

// Reader reads jobs, with what the viewer in the context may see of them.
type Reader struct {
	db    *database.DB
	vault *vault.Vault
	kinds kind.Table
}

// NewReader returns a Reader of the jobs of a database.
func NewReader(e row.Env, v *vault.Vault, kinds kind.Table) *Reader {
	return &Reader{db: e.DB, vault: v, kinds: kinds}
}

// Job returns a job that the viewer sees: the viewer's own jobs, and those of
// organizations that the viewer administers.
func (r *Reader) Job(ctx context.Context, id int) (*db.BulkJob, error) {
	job, err := r.db.Client(ctx).BulkJob.Query().Where(bulkjob.ID(id), vault.IsWhole()).Only(ctx)
	if db.IsNotFound(err) {
		return nil, ErrNoJob
	}
	return job, err
}

// JobsByID returns the jobs with the given keys that the viewer sees.
func (r *Reader) JobsByID(ctx context.Context, ids []int) ([]*db.BulkJob, error) {
	return r.db.Client(ctx).BulkJob.Query().Where(bulkjob.IDIn(ids...), vault.IsWhole()).All(ctx)
}

// JobList is a list of jobs before a page of it is read, the latest first.
type JobList struct {
	reader *Reader
	where  []predicate.BulkJob
}

// JobFilter narrows a list of jobs. An empty list of values stands for all.
type JobFilter struct {
	Statuses []bulkjob.Status
	Kinds    []bulkjob.Kind
}

// Jobs returns the jobs that the viewer sees, or those of one organization and the schools
// below it; organizationID 0 stands for all.
func (r *Reader) Jobs(ctx context.Context, organizationID int, f JobFilter) (*JobList, error) {
	l := &JobList{reader: r, where: []predicate.BulkJob{vault.IsWhole()}}
	if len(f.Statuses) > 0 {
		l.where = append(l.where, bulkjob.StatusIn(slices.Compact(slices.Sorted(slices.Values(f.Statuses)))...))
	}
	if len(f.Kinds) > 0 {
		l.where = append(l.where, bulkjob.KindIn(slices.Compact(slices.Sorted(slices.Values(f.Kinds)))...))
	}
	if organizationID == 0 {
		return l, nil
	}
	o, err := r.db.Client(ctx).Organization.Get(ctx, organizationID)
	switch {
	case db.IsNotFound(err):
		return nil, roster.ErrNoOrganization.At("organizationId")
	case err != nil:
		return nil, err
	case o.Type == organization.TypeDISTRICT:
		l.where = append(l.where, bulkjob.DistrictID(o.ID))
	default:
		l.where = append(l.where, bulkjob.OrganizationID(o.ID))
	}
	return l, nil
}

// Page reads one page.
func (l *JobList) Page(ctx context.Context, args page.Args) (page.Result[*db.BulkJob], error) {
	q, err := page.Parse(args, page.Order{Name: "LATEST", Column: bulkjob.FieldID, Desc: true})
	if err != nil {
		return page.Result[*db.BulkJob]{}, err
	}
	jobs, err := l.reader.db.Client(ctx).BulkJob.Query().Where(l.where...).Where(q.Select).All(ctx)
	if err != nil {
		return page.Result[*db.BulkJob]{}, err
	}
	return page.NewResult(q, jobs, func(j *db.BulkJob) (page.Value, int) { return nil, j.ID }), nil
}

// Count counts the list.
func (l *JobList) Count(ctx context.Context) (int, error) {
	return l.reader.db.Client(ctx).BulkJob.Query().Where(l.where...).Count(ctx)
}
