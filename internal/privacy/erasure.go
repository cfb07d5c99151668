package privacy

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/erasure"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/job/trace"
	"github.com/openhomeroom/homeroom/internal/lease"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

const (
	// erasureLease names the work that one server does at a time.
	erasureLease = "erasure"
	// erasureEvery is how long a server takes to notice a request to another one.
	erasureEvery = time.Second
	// erasurePause is the pause after a failure.
	erasurePause = 15 * time.Second
	// roundErasures is how many erasures share one walk through the jobs of a district.
	roundErasures = 500
)

// RunErasures carries out requested erasures until ctx ends. One server does so at a time;
// if it dies, another one continues.
func (s *Service) RunErasures(ctx context.Context) error {
	for {
		pause := erasureEvery
		switch worked, err := s.EraseNext(ctx); {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !errors.Is(err, lease.ErrLost):
			s.log.ErrorContext(ctx, "erase what was asked for", "error", err)
			pause = erasurePause
		case worked:
			continue
		}
		wait := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-wait.C:
		case <-s.wake:
		}
		wait.Stop()
	}
}

func (s *Service) wakeUp() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// EraseNext carries out the erasures of one district. It reports whether there were any
// that no other server is working on. It may be stopped at any moment; the next one
// continues at the same page of the same job.
func (s *Service) EraseNext(ctx context.Context) (worked bool, err error) {
	return s.eraseNext(ctx, func(int, int) {})
}

func (s *Service) eraseNext(ctx context.Context, progress func(done, total int)) (worked bool, err error) {
	ctx = viewer.AsSystem(ctx, "erasure that was asked for")
	open, err := s.db.Client(ctx).Erasure.Query().Where(erasure.StateNEQ(erasure.StateDONE)).Exist(ctx)
	if err != nil || !open {
		return false, err
	}
	held, err := s.leases.Claim(ctx, erasureLease, s.now().Add(time.Hour))
	if held == nil || err != nil {
		return false, err
	}
	defer func() {
		if release := held.Release(ctx); release != nil {
			s.log.WarnContext(ctx, "the erasures could not be released and wait until their lease ends", "error", release)
		}
	}()
	round, err := s.nextRound(ctx, held)
	if err != nil || len(round) == 0 {
		return false, err
	}
	if err := s.walk(ctx, held, round, progress); err != nil {
		return true, err
	}
	for _, e := range round {
		if err := s.finish(ctx, held, e); err != nil {
			return true, err
		}
	}
	s.log.InfoContext(ctx, "personal data of students erased on request", "students", len(round))
	if err := s.db.Scrub(ctx); err != nil {
		s.log.WarnContext(ctx, "erased data is still in the write-ahead log of the database", "error", err)
	}
	return true, nil
}

// nextRound returns the erasures of a round that has started. Otherwise it starts a round
// with all requested erasures of one district.
func (s *Service) nextRound(ctx context.Context, held *lease.Held) (round []*db.Erasure, err error) {
	find := func(state erasure.State) ([]*db.Erasure, error) {
		q := s.db.Client(ctx).Erasure.Query().Where(erasure.StateEQ(state)).Order(erasure.ByID())
		first, err := q.Clone().First(ctx)
		if db.IsNotFound(err) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return q.Where(erasure.DistrictID(first.DistrictID)).Limit(roundErasures).All(ctx)
	}
	if round, err = find(erasure.StateRUNNING); err != nil || len(round) > 0 {
		return round, err
	}
	if round, err = find(erasure.StateREQUESTED); err != nil || len(round) == 0 {
		return nil, err
	}
	jobs, last, err := s.importer.JobsToWalk(ctx, round[0].DistrictID)
	if err != nil {
		return nil, err
	}
	err = held.InFence(ctx, func(ctx context.Context, client *db.Client) error {
		return client.Erasure.Update().Where(erasure.IDIn(erasureIDs(round)...)).
			SetState(erasure.StateRUNNING).SetJobsTotal(jobs).SetThroughJob(last).Exec(ctx)
	})
	for _, e := range round {
		e.State, e.JobsTotal, e.ThroughJob = erasure.StateRUNNING, jobs, last
	}
	return round, err
}

// walk goes through the jobs of the district: first those that existed when the round
// started, noting its position after every page, and then those that are newer or that a
// server was working on.
func (s *Service) walk(ctx context.Context, held *lease.Held, round []*db.Erasure,
	progress func(done, total int)) error {
	keys := make([]int, len(round))
	for i, e := range round {
		keys[i] = e.StudentID
	}
	students, err := s.db.Client(ctx).Student.Query().Where(student.IDIn(keys...)).All(ctx)
	if err != nil {
		return err
	}
	ids, first := erasureIDs(round), round[0]
	at := trace.Place{Job: first.AtJob, Step: first.AtStep, Row: first.AtRow, Jobs: first.JobsDone, Again: first.Again}
	note := func(ctx context.Context, p trace.Place) error {
		at = p
		progress(p.Jobs, first.JobsTotal)
		return held.InFence(ctx, func(ctx context.Context, client *db.Client) error {
			return client.Erasure.Update().Where(erasure.IDIn(ids...)).
				SetAtJob(p.Job).SetAtStep(p.Step).SetAtRow(p.Row).SetJobsDone(min(p.Jobs, first.JobsTotal)).
				SetAgain(p.Again).Exec(ctx)
		})
	}
	if first.ThroughJob > 0 && at.Job <= first.ThroughJob {
		if err := s.importer.EraseMentions(ctx, first.DistrictID, students,
			trace.Walk{From: at, Through: first.ThroughJob, At: note}); err != nil {
			return err
		}
	}
	again := at.Again
	if again == nil {
		again = []int{}
	}
	return s.importer.EraseMentions(ctx, first.DistrictID, students, trace.Walk{Through: first.ThroughJob, Only: again,
		At: func(ctx context.Context, _ trace.Place) error { return held.Renew(ctx) }})
}

// finish erases one student and writes the certificate, in one transaction.
func (s *Service) finish(ctx context.Context, held *lease.Held, e *db.Erasure) error {
	return held.InFence(ctx, func(ctx context.Context, client *db.Client) error {
		locked, err := roster.LockStudents(ctx, client, s.locks(), []int{e.StudentID})
		if err != nil {
			return err
		}
		counts, err := s.eraseLocked(ctx, client, locked)
		if err != nil {
			return err
		}
		counts.Enrollments += e.Enrollments
		c, err := s.certify(ctx, client, e, counts)
		if err != nil {
			return err
		}
		text, err := json.Marshal(c)
		if err != nil {
			return err
		}
		return client.Erasure.UpdateOneID(e.ID).SetState(erasure.StateDONE).SetFinishedAt(s.instant()).
			SetJobsDone(e.JobsTotal).
			ClearAgain().SetCertificate(text).Exec(ctx)
	})
}

// certify creates the certificate and records it in the audit trail, in the name of
// whoever asked. The reference is a text that somebody typed, so it is recorded as a
// detail; it is a detail about the school, and therefore stays.
func (s *Service) certify(ctx context.Context, client *db.Client, e *db.Erasure, counts Counts) (Certificate, error) {
	school, err := client.Organization.Get(ctx, e.OrganizationID)
	if err != nil {
		return Certificate{}, err
	}
	c := Certificate{
		StudentID:       globalid.Encode(globalid.Student, e.StudentID),
		Organization:    globalid.Encode(globalid.Organization, school.ID),
		School:          school.Name,
		ErasedAt:        s.instant(),
		By:              e.RequestedBy,
		Reference:       e.Reference,
		Erased:          counts,
		OrganizationKey: school.ID,
	}
	if c.Digest, err = c.digest(); err != nil {
		return Certificate{}, err
	}
	var actor audit.Actor
	if err := json.Unmarshal(e.Actor, &actor); err != nil {
		return Certificate{}, err
	}
	facts := counts.facts()
	facts["student"], facts["digest"] = c.StudentID, c.Digest
	entry := audit.Event{
		Action:         audit.ErasureCertified,
		Actor:          &actor,
		DistrictID:     e.DistrictID,
		OrganizationID: e.OrganizationID,
		Target:         audit.On(globalid.Organization, school.ID),
		Facts:          facts,
	}
	entry.Changes.New("reference", e.Reference)
	audit.Record(ctx, entry)
	return c, nil
}

// await works on erasures until certain ones are done. Another server may be doing it.
func (s *Service) await(ctx context.Context, ids []int, progress func(done, total int)) ([]Certificate, error) {
	for {
		worked, err := s.eraseNext(ctx, progress)
		if err != nil && !errors.Is(err, lease.ErrLost) {
			return nil, err
		}
		list, err := s.db.Client(ctx).Erasure.Query().Where(erasure.IDIn(ids...)).Order(erasure.ByID()).
			All(viewer.AsSystem(ctx, "erasures that the viewer has asked for"))
		if err != nil {
			return nil, err
		}
		var certificates []Certificate
		for _, e := range list {
			progress(e.JobsDone, e.JobsTotal)
			c, err := CertificateOf(e)
			if err != nil {
				return nil, err
			}
			if c != nil {
				certificates = append(certificates, *c)
			}
		}
		if len(certificates) == len(ids) {
			return certificates, nil
		}
		if worked {
			continue
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(erasureEvery / 5):
		}
	}
}
