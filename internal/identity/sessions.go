package identity

import (
	"context"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/ent/db/session"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// over matches sessions that have ended, because of their age or because they were not
// used.
func (s *Service) over(now time.Time) predicate.Session {
	return session.Or(session.ExpiresAtLTE(now), session.LastUsedAtLTE(now.Add(-s.idle)))
}

// makeRoom ends sessions of an account so that it can have another one. It ends those
// first that were not used for longest, and returns how many it has ended. The account is
// locked.
func (s *Service) makeRoom(ctx context.Context, client *db.Client, account int) (ended int, err error) {
	const many = 1_000_000 // MySQL has no OFFSET without a LIMIT.
	ids, err := client.Session.Query().Where(session.EducatorID(account)).
		Order(session.ByLastUsedAt(sql.OrderDesc()), session.ByID(sql.OrderDesc())).
		Offset(maxSessions - 1).Limit(many).IDs(ctx)
	if err != nil {
		return 0, err
	}
	return len(ids), endSessions(ctx, client, account, ids)
}

// endSessions removes sessions of an account by their keys. There may be more than one
// statement can take.
func endSessions(ctx context.Context, client *db.Client, account int, ids []int) error {
	for some := range slices.Chunk(ids, maxStanding) {
		if _, err := client.Session.Delete().Where(session.EducatorID(account), session.IDIn(some...)).
			Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Sessions returns the viewer's own sessions, the most recently used first. An account
// from before the limit may have more, until it signs in again.
func (s *Service) Sessions(ctx context.Context) ([]*db.Session, error) {
	return s.db.Client(ctx).Session.Query().Where(session.Not(s.over(s.instant()))).
		Order(session.ByLastUsedAt(sql.OrderDesc()), session.ByID(sql.OrderDesc())).
		Limit(maxSessions).All(ctx)
}

// SignOut ends the session of the viewer in ctx, and reports whether there was one.
func (s *Service) SignOut(ctx context.Context) (bool, error) {
	v := viewer.FromContext(ctx)
	if v == nil || v.SessionID == 0 {
		return false, nil
	}
	n := 0
	err := s.db.InTx(viewer.AsSystem(ctx, "sign-out"), func(ctx context.Context, client *db.Client) (err error) {
		if n, err = client.Session.Delete().Where(session.ID(v.SessionID)).Exec(ctx); err == nil && n > 0 {
			recordAs(ctx, v, audit.SignedOut, audit.Facts{"session": globalid.Encode(globalid.Session, v.SessionID)})
		}
		return err
	})
	return n > 0, err
}

// RevokeSession ends one of the viewer's own sessions. It returns fault.NotFound if the
// viewer has no session with that key.
func (s *Service) RevokeSession(ctx context.Context, id int) error {
	ended, err := s.revoke(ctx, session.ID(id))
	if err == nil && len(ended) == 0 {
		return fault.NotFoundf("you have no such session").At("id")
	}
	return err
}

// RevokeOtherSessions ends all of the viewer's sessions except the current one, and
// returns the keys of those that it ended.
func (s *Service) RevokeOtherSessions(ctx context.Context) ([]int, error) {
	return s.revoke(ctx, session.IDNEQ(viewer.FromContext(ctx).SessionID))
}

func (s *Service) revoke(ctx context.Context, which predicate.Session) (ended []int, err error) {
	own := session.EducatorID(viewer.FromContext(ctx).EducatorID)
	err = s.db.InTx(viewer.AsSystem(ctx, "the viewer's own sessions"), func(ctx context.Context, client *db.Client) error {
		if ended, err = client.Session.Query().Where(own, which, session.Not(s.over(s.instant()))).IDs(ctx); err != nil ||
			len(ended) == 0 {
			return err
		}
		if err := endSessions(ctx, client, viewer.Asker(ctx).EducatorID, ended); err != nil {
			return err
		}
		recordAs(ctx, viewer.Asker(ctx), audit.SessionsRevoked, audit.Facts{"sessions": len(ended)})
		return nil
	})
	return ended, err
}
