package importer

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

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/ent/db/organization"
	"homeroom/internal/viewer"
)

// DefaultLease is how long a server keeps a job without a sign of life. Another
// one looks for work every second, so that it has the job of a dead server within
// 30 seconds, with room for a machine that is busy.
const DefaultLease = 20 * time.Second

// queue says which job comes next, and gives it to one server at a time.
type queue struct {
	env
	vault *vault
	// owner names this server in the leases that it holds, and lease is how long it
	// keeps a job without a sign of life.
	owner string
	lease time.Duration
	log   *slog.Logger
}

func newQueue(e env, v *vault, owner string, lease time.Duration, log *slog.Logger) *queue {
	return &queue{env: e, vault: v, owner: owner, lease: lease, log: log}
}

// held is a job that this server has claimed.
type held struct {
	job *db.BulkJob
	// fence is the number of this claim. Who claims the job later has a higher
	// one, and finds it in the row.
	fence int
	// writing is locked while a transaction of the job is open. It holds the lock
	// of the job's row, for which the heartbeat would only wait.
	writing sync.Mutex
}

// claimNext claims the first job that may begin; see line. It returns nil where there
// is none. only is a district, or 0 for all; short leaves long jobs alone.
func (q *queue) claimNext(ctx context.Context, only int, short bool) (*held, error) {
	var districts []int
	if only != 0 {
		districts = []int{only}
	}
	jobs, err := q.runnable(ctx, districts...)
	if err != nil {
		return nil, err
	}
	before := q.line(jobs)
	for _, j := range jobs {
		if !q.mayBegin(j, before) || short && isLong(j) {
			continue
		}
		if h, err := q.claim(ctx, j); h != nil || err != nil {
			return h, err
		}
	}
	return nil, nil
}

// mayBegin reports whether this server may claim a job, given which ones jobs wait for.
func (q *queue) mayBegin(job *db.BulkJob, before map[int]int) bool {
	return !q.isAtWork(job) && q.vault.opens(job) && before[job.ID] == 0
}

// runnable returns what waits for a server or is worked on, in order, in some
// districts or, where none is named, in all.
//
// Those who have submitted jobs take turns: the first job of each comes before the
// second one of anybody. Otherwise the files of one person, be it a teacher with a
// hundred large ones, would keep a whole district waiting for hours. The jobs of one
// person are worked on in the order in which they were submitted. What a server has
// begun comes first, also where that server has ended.
func (q *queue) runnable(ctx context.Context, districts ...int) ([]*db.BulkJob, error) {
	find := q.db.Client(ctx).BulkJob.Query().
		Where(bulkjob.StatusIn(worked...), isWhole())
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

// turnsLast is for how long a job that was submitted before counts in the turns of a
// person, also when it is done: whoever has many is not first again after each.
const turnsLast = time.Hour

// turns says which turn each job is, from 0: of its submitter, or of its organization,
// where that is a later one. In an organization those who have submitted jobs take
// turns, and organizations do, so that nobody keeps other schools waiting with accounts
// of the own making, nor with jobs for many schools.
func (q *queue) turns(ctx context.Context, jobs []*db.BulkJob) (map[int]int, error) {
	var people, places []int
	for _, j := range jobs {
		people, places = append(people, j.SubmittedBy), append(places, j.OrganizationID)
	}
	if people, places = sorted(people), sorted(places); len(people) < 2 {
		return nil, nil
	}
	since := slices.MinFunc(jobs, func(a, b *db.BulkJob) int { return a.CreatedAt.Compare(b.CreatedAt) }).CreatedAt.Add(-turnsLast)
	before, err := q.db.Client(ctx).BulkJob.Query().
		Where(bulkjob.Or(bulkjob.SubmittedByIn(people...), bulkjob.OrganizationIDIn(places...)), bulkjob.CreatedAtGT(since)).Order(db.Asc(bulkjob.FieldID)).
		Select(bulkjob.FieldID, bulkjob.FieldSubmittedBy, bulkjob.FieldOrganizationID, bulkjob.FieldCreatedAt).All(viewer.AsSystem(ctx, "whose turn it is"))
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
// one database from taking one slot of it at the same moment; where locks do not
// reach (several database nodes), the condition of the UPDATE still gives one job to
// one server.
func (q *queue) claim(ctx context.Context, next *db.BulkJob) (h *held, err error) {
	err = q.db.InTx(viewer.AsSystem(ctx, "claim a job"), func(ctx context.Context, client *db.Client) error {
		h = nil
		if q.locks() {
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
		jobs, err := q.runnable(ctx, next.DistrictID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(jobs, func(j *db.BulkJob) bool { return j.ID == next.ID })
		if i < 0 || !q.mayBegin(jobs[i], q.line(jobs)) {
			return nil
		}
		job := jobs[i]
		err = mustHitOne(client.ExecContext(ctx,
			// MySQL assigns from left to right. A server that gives a job back, and
			// whoever takes it away, leaves no owner.
			"UPDATE bulk_jobs SET abandoned = abandoned + CASE WHEN lease_owner <> '' THEN 1 ELSE 0 END, lease_owner = ?, lease_until = ?, fence = fence + 1, key_print = ? "+
				"WHERE id = ? AND fence = ? AND status = ?",
			q.owner, q.instant().Add(q.lease), q.vault.adopted(job.KeyPrint), job.ID, job.Fence, string(job.Status)))
		if errors.Is(err, errLost) {
			return nil
		}
		if job.LeaseOwner != "" {
			job.Abandoned++
		}
		h = &held{job: job, fence: job.Fence + 1}
		return err
	})
	if err != nil {
		return nil, err
	}
	return h, nil
}

// inFence runs fn in a transaction that begins by asking whether the job is
// still this server's. A server that was asleep for a minute finds that it is
// not, and writes nothing.
func (q *queue) inFence(ctx context.Context, h *held, fn func(ctx context.Context, client *db.Client) error) error {
	h.writing.Lock()
	defer h.writing.Unlock()
	return q.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		if err := q.renew(ctx, client, h); err != nil {
			return err
		}
		return fn(ctx, client)
	})
}

func (q *queue) renew(ctx context.Context, client *db.Client, h *held) error {
	return mustHitOne(client.ExecContext(ctx, "UPDATE bulk_jobs SET lease_until = ? WHERE id = ? AND fence = ? AND status = ?",
		q.instant().Add(q.lease), h.job.ID, h.fence, string(h.job.Status)))
}

// keepAlive renews the lease while the work between two transactions takes its
// time, and ends the work when the job has been lost.
func (q *queue) keepAlive(ctx context.Context, h *held, end context.CancelCauseFunc) (stop func()) {
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
			err := q.db.InTx(ctx, func(ctx context.Context, client *db.Client) error { return q.renew(ctx, client, h) })
			h.writing.Unlock()
			switch {
			case errors.Is(err, errLost):
				end(errLost)
			case err != nil && ctx.Err() == nil:
				q.log.WarnContext(ctx, "the lease of a job could not be renewed", "job", h.job.ID, "error", err)
			}
		}
	}()
	return func() { cancel(); <-done }
}

// release gives a job back, so that another server goes on at once. pause keeps
// everybody from it for a while.
func (q *queue) release(ctx context.Context, h *held, pause time.Duration) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	var until *time.Time
	if pause > 0 {
		at := q.instant().Add(pause)
		until = &at
	}
	err := q.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		_, err := client.ExecContext(ctx, "UPDATE bulk_jobs SET lease_owner = '', lease_until = ? WHERE id = ? AND fence = ?", until, h.job.ID, h.fence)
		return err
	})
	if err != nil {
		q.log.WarnContext(ctx, "a job could not be given back and waits until its lease ends", "job", h.job.ID, "error", err)
	}
}
