package graph

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/graph/generated"
	"github.com/openhomeroom/homeroom/graph/live"
	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/graph/problem"
	"github.com/openhomeroom/homeroom/graph/share"
	"github.com/openhomeroom/homeroom/graph/transport"
	"github.com/openhomeroom/homeroom/internal/globalid"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/progress"
	"github.com/openhomeroom/homeroom/internal/job/state"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Subscription implements generated.ResolverRoot.
func (r *Resolver) Subscription() generated.SubscriptionResolver { return subscriptionResolver{r} }

type subscriptionResolver struct{ *Resolver }

// Several servers share a database, and a job may run on any of them, so a subscription
// polls the database: every jobFast while something moves, and more and more slowly down
// to jobSlow while nothing does.
const (
	jobFast = 250 * time.Millisecond
	jobSlow = time.Second
	// With the answer to a list, two windows agree within two seconds.
	noticeEvery = 1500 * time.Millisecond
)

// watching gives a subscription its session, and limits the subscriptions of each caller.
func (r *Resolver) watching(subscriptions *share.Gate,
	sessions *live.Watcher) graphql.OperationMiddleware {
	return func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		v := viewer.FromContext(ctx)
		if graphql.GetOperationContext(ctx).Operation.Operation != ast.Subscription || v == nil {
			return next(ctx)
		}
		end, err := subscriptions.Take(v)
		if err != nil {
			return problem.RefusedBy(share.Refusal(err, errTooManySubscriptions))
		}
		token, _ := ctx.Value(tokenKey{}).(string)
		s := live.NewSession(r.Identity, token, v)
		leave := sessions.Add(s)
		context.AfterFunc(ctx, func() {
			leave()
			end()
		})
		return next(live.NewContext(ctx, s))
	}
}

// BulkJob sends a job immediately and whenever it has progressed, and ends with the job.
func (r subscriptionResolver) BulkJob(ctx context.Context, id string) (<-chan *model.BulkJob, error) {
	k, ok := globalid.Key(globalid.BulkJob, id)
	if !ok {
		return nil, jobs.ErrNoJob
	}
	look := func(ctx context.Context) (seenJob, error) {
		j, err := r.Importer.Job(ctx, k)
		if err != nil {
			return seenJob{}, err
		}
		p, err := r.Importer.Progress(ctx, j)
		return seenJob{j, p}, err
	}
	finished := func(s seenJob) bool { return state.Finished(s.job.Status) }
	return watch(ctx, look, stateOf, finished, func(s seenJob) *model.BulkJob {
		return toBulkJob(s.job)
	}, jobFast, jobSlow)
}

// seenJob is a job at one poll.
type seenJob struct {
	job      *db.BulkJob
	progress progress.Progress
}

// jobState is what a subscription shows of a job. Renewing the lease does not count as a
// change.
type jobState struct {
	status                                string
	total, verified, processed, undone    int
	created, updated, unchanged, deleted  int
	enrolled, unenrolled, warnings, wrong int
	encoding                              string
	progress                              progress.Progress
	worked                                bool
	preview                               int
}

func stateOf(s seenJob) jobState {
	j := s.job
	return jobState{
		string(j.Status), j.TotalRows, j.VerifiedRows, j.ProcessedRows, j.UndoneRows + j.KeptRows, j.Created, j.Updated,
		j.Unchanged, j.Deleted, j.EnrollmentsAdded, j.EnrollmentsRemoved, j.Warnings, j.Errors, j.Encoding, s.progress,
		j.LeaseOwner != "", jobs.PreviewVersion(j),
	}
}

// DashboardNotifications sends the notices immediately and whenever a count has changed.
func (r subscriptionResolver) DashboardNotifications(ctx context.Context,
	organizationID string) (<-chan []*model.DashboardNotification, error) {
	id, err := key(globalid.Organization, organizationID, "organizationId")
	if err != nil {
		return nil, err
	}
	look := func(ctx context.Context) ([]*model.DashboardNotification, error) { return r.notifications(ctx, id) }
	// There is one notice, or none for teachers.
	count := func(list []*model.DashboardNotification) int {
		if len(list) == 0 {
			return -1
		}
		return list[0].Count
	}
	never := func([]*model.DashboardNotification) bool { return false }
	return watch(ctx, look, count, never, func(list []*model.DashboardNotification) []*model.DashboardNotification {
		return list
	}, noticeEvery, noticeEvery)
}

// watch polls something, starting now, and sends it whenever its state has changed. It
// stops when the thing is finished, the session has ended or lost a role, or nobody
// listens any more. If the thing is not visible the first time, that is an error of the
// operation; later it ends the subscription with an error.
//
// Between two polls it holds no database connection and no snapshot.
func watch[T, M any, S comparable](ctx context.Context, look func(context.Context) (T, error), stateOf func(T) S,
	finished func(T) bool, convert func(T) M, fast, slow time.Duration) (<-chan M, error) {
	session := live.SessionOf(ctx)
	// A change of the session after this line ends the next pause.
	changed := session.Change()
	now, err := live.LookAs(ctx, session, look)
	if err != nil {
		return nil, err
	}
	events := make(chan M)
	go func() {
		defer close(events)
		for {
			sent := stateOf(now)
			session.Arrive()
			select {
			case events <- convert(now):
			case <-ctx.Done():
				return
			}
			for pause := fast; stateOf(now) == sent; pause = min(pause*5/4, slow) {
				if finished(now) {
					return
				}
				select {
				case <-time.After(pause):
				case <-changed:
				case <-ctx.Done():
					return
				}
				changed = session.Change()
				if now, err = live.LookAs(ctx, session, look); err != nil {
					transport.Fail(ctx, err)
					return
				}
			}
			if now, err = confirmed(ctx, session, now, look); err != nil {
				transport.Fail(ctx, err)
				return
			}
		}
	}()
	return events, nil
}

// confirmed returns what to send, after making sure that the session still exists. Nothing
// is sent to a session that has just ended.
func confirmed[T any](ctx context.Context, s *live.Session, seen T, look func(context.Context) (T, error)) (T, error) {
	same, err := s.Confirm(ctx)
	if err != nil || same {
		return seen, err
	}
	return live.LookAs(ctx, s, look)
}
