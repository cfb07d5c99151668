// Package queue decides which job comes next, gives it to one server at a time, and limits
// how many jobs anybody may have waiting.
package queue

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sort"
	"sync"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/state"
	"github.com/openhomeroom/homeroom/internal/job/vault"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// DefaultLease is how long a server keeps a job without a sign of life. Another
// one looks for work every second, so that it has the job of a dead server within
// 30 seconds, with room for a machine that is busy.
const DefaultLease = 20 * time.Second

// Queue says which job comes next, and gives it to one server at a time.
type Queue struct {
	row.Env
	vault *vault.Vault
	// owner names this server in the leases that it holds, and lease is how long it
	// keeps a job without a sign of life.
	owner string
	lease time.Duration
	log   *slog.Logger
}

// NewQueue returns the queue of a server, which goes by the name owner in its leases.
func NewQueue(e row.Env, v *vault.Vault, owner string, lease time.Duration, log *slog.Logger) *Queue {
	return &Queue{Env: e, vault: v, owner: owner, lease: lease, log: log}
}

// Lease is a job that this server has claimed.
type Lease struct {
	Job *db.BulkJob
	// Fence is the number of this claim. Who claims the job later has a higher
	// one, and finds it in the row.
	Fence int
	// writing is locked while a transaction of the job is open. It holds the lock
	// of the job's row, for which the heartbeat would only wait.
	writing sync.Mutex
}

// ClaimNext claims the first job that may begin; see line. It returns nil if there is
// none. only is a district, or 0 for all; short leaves out long jobs.
func (q *Queue) ClaimNext(ctx context.Context, only int, short bool) (*Lease, error) {
	var districts []int
	if only != 0 {
		districts = []int{only}
	}
	jobs, err := q.Runnable(ctx, districts...)
	if err != nil {
		return nil, err
	}
	before := q.line(jobs)
	for _, j := range jobs {
		if !q.mayBegin(j, before) || short && IsLong(j) {
			continue
		}
		if h, err := q.claim(ctx, j); h != nil || err != nil {
			return h, err
		}
	}
	return nil, nil
}

// mayBegin reports whether this server may claim a job, given which ones jobs wait for.
func (q *Queue) mayBegin(job *db.BulkJob, before map[int]int) bool {
	return !q.isAtWork(job) && q.vault.Opens(job) && before[job.ID] == 0
}

// Runnable returns the jobs that wait for a server or are being worked on, in order,
// in some districts, or in all if none is named.
//
// Submitters take turns: the first job of each comes before the second job of anybody.
// Otherwise the files of one person, such as a teacher with a hundred large ones,
// would keep a whole district waiting for hours. The jobs of one person run in the
// order of submission. Jobs that a server has begun come first, even if that server
// has ended.
func (q *Queue) Runnable(ctx context.Context, districts ...int) ([]*db.BulkJob, error) {
	find := q.DB.Client(ctx).BulkJob.Query().
		Where(bulkjob.StatusIn(state.AtWork...), vault.IsWhole())
	if len(districts) > 0 {
		find.Where(bulkjob.DistrictIDIn(districts...))
	}
	jobs, err := find.All(viewer.AsSystem(ctx, "look for work"))
	slices.SortFunc(jobs, func(a, b *db.BulkJob) int { return cmp.Compare(a.ID, b.ID) })
	if err != nil {
		return nil, err
	}
	turns, err := q.turns(ctx, jobs)
	slices.SortStableFunc(jobs, func(a, b *db.BulkJob) int { return cmp.Compare(turns[a.ID], turns[b.ID]) })
	return jobs, err
}

// turnsLast is how long an earlier job counts in the turns of a person, even once it
// is done. Otherwise somebody with many jobs would be first again after each.
const turnsLast = time.Hour

// turns returns the turn of each job, from 0: that of its submitter, or that of its
// organization if it is later. Submitters of an organization take turns, and so do
// organizations. So nobody keeps other schools waiting with accounts of their own
// making, or with jobs for many schools.
func (q *Queue) turns(ctx context.Context, jobs []*db.BulkJob) (map[int]int, error) {
	var people, places []int
	for _, j := range jobs {
		people, places = append(people, j.SubmittedBy), append(places, j.OrganizationID)
	}
	if people, places = sorted(people), sorted(places); len(people) < 2 {
		return nil, nil
	}
	since := slices.MinFunc(jobs, func(a, b *db.BulkJob) int {
		return a.CreatedAt.Compare(b.CreatedAt)
	}).CreatedAt.Add(-turnsLast)
	before, err := q.DB.Client(ctx).BulkJob.Query().
		Where(bulkjob.Or(bulkjob.SubmittedByIn(people...), bulkjob.OrganizationIDIn(places...)), bulkjob.CreatedAtGT(since)).
		Order(db.Asc(bulkjob.FieldID)).
		Select(bulkjob.FieldID, bulkjob.FieldSubmittedBy, bulkjob.FieldOrganizationID, bulkjob.FieldCreatedAt).
		All(viewer.AsSystem(ctx, "whose turn it is"))
	if err != nil {
		return nil, err
	}
	of, at := map[int][]*db.BulkJob{}, map[int][]*db.BulkJob{}
	for _, j := range before {
		of[j.SubmittedBy] = append(of[j.SubmittedBy], j)
		at[j.OrganizationID] = append(at[j.OrganizationID], j)
	}
	own := make(map[int]int, len(before))
	for _, list := range of {
		for i, j := range list {
			from := sort.Search(i, func(i int) bool { return list[i].CreatedAt.After(j.CreatedAt.Add(-turnsLast)) })
			own[j.ID] = i - from
		}
	}
	turns := make(map[int]int, len(before))
	for _, list := range at {
		slices.SortStableFunc(list, func(a, b *db.BulkJob) int { return cmp.Compare(own[a.ID], own[b.ID]) })
		for i, j := range list {
			turns[j.ID] = max(own[j.ID], i)
		}
	}
	for _, j := range jobs {
		if j.LeaseOwner != "" {
			turns[j.ID] = -1
		}
	}
	return turns, nil
}

func sorted(keys []int) []int {
	slices.Sort(keys)
	return slices.Compact(keys)
}

// claim takes a job if it may still begin. The lock of the district keeps servers on
// one database from taking one slot at the same moment. Between database nodes, which
// do not share locks, the condition of the UPDATE still gives one job to one server.
func (q *Queue) claim(ctx context.Context, next *db.BulkJob) (h *Lease, err error) {
	err = q.DB.InTx(viewer.AsSystem(ctx, "claim a job"), func(ctx context.Context, client *db.Client) error {
		h = nil
		if q.Locks() {
			if _, err := client.Organization.Query().Where(organization.ID(next.DistrictID)).ForUpdate().Only(ctx); err != nil {
				return err
			}
			// A server that is in a long transaction holds this row.
			_, err := client.BulkJob.Query().Where(bulkjob.ID(next.ID)).ForUpdate(sql.WithLockAction(sql.SkipLocked)).Only(ctx)
			if db.IsNotFound(err) {
				return nil
			}
			if err != nil {
				return err
			}
		}
		jobs, err := q.Runnable(ctx, next.DistrictID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(jobs, func(j *db.BulkJob) bool { return j.ID == next.ID })
		if i < 0 || !q.mayBegin(jobs[i], q.line(jobs)) {
			return nil
		}
		job := jobs[i]
		err = bulk.MustHitOne(client.ExecContext(ctx,
			// MySQL assigns from left to right. A server that gives a job back, and somebody who
			// takes it away, leave no owner.
			"UPDATE bulk_jobs SET abandoned = abandoned + CASE WHEN lease_owner <> '' THEN 1 ELSE 0 END, lease_owner = ?, "+
				"lease_until = ?, fence = fence + 1, key_print = ? WHERE id = ? AND fence = ? AND status = ?",
			q.owner, q.Instant().Add(q.lease), q.vault.Adopted(job.KeyPrint), job.ID, job.Fence, string(job.Status)))
		if errors.Is(err, bulk.ErrLost) {
			return nil
		}
		if job.LeaseOwner != "" {
			job.Abandoned++
		}
		h = &Lease{Job: job, Fence: job.Fence + 1}
		return err
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

// InFence runs fn in a transaction that begins by asking whether the job is
// still this server's. A server that was asleep for a minute finds that it is
// not, and writes nothing.
func (q *Queue) InFence(ctx context.Context, h *Lease, fn func(ctx context.Context, client *db.Client) error) error {
	h.writing.Lock()
	defer h.writing.Unlock()
	return q.DB.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		if err := q.renew(ctx, client, h); err != nil {
			return err
		}
		return fn(ctx, client)
	})
}

func (q *Queue) renew(ctx context.Context, client *db.Client, h *Lease) error {
	return bulk.MustHitOne(
		client.ExecContext(ctx, "UPDATE bulk_jobs SET lease_until = ? WHERE id = ? AND fence = ? AND status = ?",
			q.Instant().Add(q.lease), h.Job.ID, h.Fence, string(h.Job.Status)))
}

// KeepAlive renews the lease while the work between two transactions takes its
// time, and ends the work when the job has been lost.
func (q *Queue) KeepAlive(ctx context.Context, h *Lease, end context.CancelCauseFunc) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(q.lease / 3)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if !h.writing.TryLock() {
				continue
			}
			err := q.DB.InTx(ctx, func(ctx context.Context, client *db.Client) error { return q.renew(ctx, client, h) })
			h.writing.Unlock()
			switch {
			case errors.Is(err, bulk.ErrLost):
				end(bulk.ErrLost)
			case err != nil && ctx.Err() == nil:
				q.log.WarnContext(ctx, "the lease of a job could not be renewed", "job", h.Job.ID, "error", err)
			}
		}
	}()
	return func() { cancel(); <-done }
}

// Release gives a job back, so that another server continues at once. With a pause, no
// server may continue for that long.
func (q *Queue) Release(ctx context.Context, h *Lease, pause time.Duration) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	var until *time.Time
	if pause > 0 {
		at := q.Instant().Add(pause)
		until = &at
	}
	err := q.DB.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		_, err := client.ExecContext(ctx, "UPDATE bulk_jobs SET lease_owner = '', lease_until = ? WHERE id = ? AND fence = ?",
			until, h.Job.ID, h.Fence)
		return err
	})
	if err != nil {
		q.log.WarnContext(ctx, "a job could not be released and waits until its lease ends", "job", h.Job.ID, "error", err)
	}
}
