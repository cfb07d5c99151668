package importer

import (
	"cmp"
	"context"
	"errors"
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

// errLost is returned where another server has taken the job over, or the job
// has left the state that was worked on.
var errLost = errors.New("importer: the job belongs to another server now")

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

// claimNext claims the first job of a district in which no server is at work.
// It returns nil where there is none. only is a district, or 0 for all.
func (s *Service) claimNext(ctx context.Context, only int) (*held, error) {
	var districts []int
	if only != 0 {
		districts = []int{only}
	}
	jobs, err := s.runnable(ctx, districts...)
	if err != nil {
		return nil, err
	}
	seen := map[int]bool{}
	for _, j := range jobs {
		if seen[j.DistrictID] || !s.opens(j) {
			continue
		}
		seen[j.DistrictID] = true
		if s.busy(jobs, j.DistrictID) {
			continue
		}
		if h, err := s.claim(ctx, j); h != nil || err != nil {
			return h, err
		}
	}
	return nil, nil
}

// runnable returns what waits for a server or is worked on, in order, in some
// districts or, where none is named, in all.
//
// Those who have submitted jobs take turns: the first job of each comes before the
// second one of anybody. Otherwise the files of one person, be it a teacher with a
// hundred large ones, would keep a whole district waiting for hours. The jobs of one
// person are worked on in the order in which they were submitted. What a server has
// begun comes first, also where that server has ended.
func (s *Service) runnable(ctx context.Context, districts ...int) ([]*db.BulkJob, error) {
	q := s.db.Client(ctx).BulkJob.Query().
		Where(bulkjob.StatusIn(worked...), isWhole())
	if len(districts) > 0 {
		q.Where(bulkjob.DistrictIDIn(districts...))
	}
	jobs, err := q.All(viewer.AsSystem(ctx, "look for work"))
	slices.SortFunc(jobs, func(a, b *db.BulkJob) int { return cmp.Compare(a.ID, b.ID) })
	if err != nil {
		return nil, err
	}
	turns, err := s.turns(ctx, jobs)
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
func (s *Service) turns(ctx context.Context, jobs []*db.BulkJob) (map[int]int, error) {
	var people, places []int
	for _, j := range jobs {
		people, places = append(people, j.SubmittedBy), append(places, j.OrganizationID)
	}
	if people, places = sorted(people), sorted(places); len(people) < 2 {
		return nil, nil
	}
	since := slices.MinFunc(jobs, func(a, b *db.BulkJob) int { return a.CreatedAt.Compare(b.CreatedAt) }).CreatedAt.Add(-turnsLast)
	before, err := s.db.Client(ctx).BulkJob.Query().
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

// busy reports whether a server is at work in a district. One job at a time
// keeps two files from undoing each other half and half.
func (s *Service) busy(jobs []*db.BulkJob, district int) bool {
	now := s.now()
	return slices.ContainsFunc(jobs, func(j *db.BulkJob) bool {
		return j.DistrictID == district && j.LeaseUntil != nil && j.LeaseUntil.After(now)
	})
}

// claim takes a job if it is still the first one of its district. The lock of
// the district keeps servers on one database from claiming two of its jobs at
// the same moment; where locks do not reach (several database nodes), the
// condition of the UPDATE still gives one job to one server.
func (s *Service) claim(ctx context.Context, first *db.BulkJob) (h *held, err error) {
	err = s.db.InTx(viewer.AsSystem(ctx, "claim a job"), func(ctx context.Context, client *db.Client) error {
		h = nil
		if s.locks() {
			if _, err := client.Organization.Query().Where(organization.ID(first.DistrictID)).ForUpdate().Only(ctx); err != nil {
				return err
			}
			// A server that is in a long transaction holds this row.
			_, err := client.BulkJob.Query().Where(bulkjob.ID(first.ID)).ForUpdate(sql.WithLockAction(sql.SkipLocked)).Only(ctx)
			if db.IsNotFound(err) {
				return nil
			}
			if err != nil {
				return err
			}
		}
		jobs, err := s.runnable(ctx, first.DistrictID)
		if err != nil || s.busy(jobs, first.DistrictID) {
			return err
		}
		// A job with another key keeps nobody from those behind it.
		i := slices.IndexFunc(jobs, s.opens)
		if i < 0 || jobs[i].ID != first.ID {
			return nil
		}
		job := jobs[i]
		err = mustHitOne(client.ExecContext(ctx,
			// MySQL assigns from left to right. A server that gives a job back, and
			// whoever takes it away, leaves no owner.
			"UPDATE bulk_jobs SET abandoned = abandoned + CASE WHEN lease_owner <> '' THEN 1 ELSE 0 END, lease_owner = ?, lease_until = ?, fence = fence + 1, key_print = ? "+
				"WHERE id = ? AND fence = ? AND status = ?",
			s.owner, s.instant().Add(s.lease), s.adopted(job.KeyPrint), job.ID, job.Fence, string(job.Status)))
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
func (s *Service) inFence(ctx context.Context, h *held, fn func(ctx context.Context, client *db.Client) error) error {
	h.writing.Lock()
	defer h.writing.Unlock()
	return s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		if err := s.renew(ctx, client, h); err != nil {
			return err
		}
		return fn(ctx, client)
	})
}

func (s *Service) renew(ctx context.Context, client *db.Client, h *held) error {
	return mustHitOne(client.ExecContext(ctx, "UPDATE bulk_jobs SET lease_until = ? WHERE id = ? AND fence = ? AND status = ?",
		s.instant().Add(s.lease), h.job.ID, h.fence, string(h.job.Status)))
}

// keepAlive renews the lease while the work between two transactions takes its
// time, and ends the work when the job has been lost.
func (s *Service) keepAlive(ctx context.Context, h *held, end context.CancelCauseFunc) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(s.lease / 3)
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
			err := s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error { return s.renew(ctx, client, h) })
			h.writing.Unlock()
			switch {
			case errors.Is(err, errLost):
				end(errLost)
			case err != nil && ctx.Err() == nil:
				s.log.WarnContext(ctx, "the lease of a job could not be renewed", "job", h.job.ID, "error", err)
			}
		}
	}()
	return func() { cancel(); <-done }
}

// release gives a job back, so that another server goes on at once. pause keeps
// everybody from it for a while.
func (s *Service) release(ctx context.Context, h *held, pause time.Duration) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	var until *time.Time
	if pause > 0 {
		at := s.instant().Add(pause)
		until = &at
	}
	err := s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		_, err := client.ExecContext(ctx, "UPDATE bulk_jobs SET lease_owner = '', lease_until = ? WHERE id = ? AND fence = ?", until, h.job.ID, h.fence)
		return err
	})
	if err != nil {
		s.log.WarnContext(ctx, "a job could not be given back and waits until its lease ends", "job", h.job.ID, "error", err)
	}
}
