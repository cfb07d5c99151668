package hold

import (
	"context"
	"slices"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Month is a second, longer window for deleted students. It keeps somebody from deleting a
// whole school by staying below the daily limit for many days.
const Month = 30 * 24 * time.Hour

// OfMonth returns the limit for a Month in percent: twice the daily limit. In an ordinary
// month, fewer students than that leave a school. If a whole grade leaves, that needs an
// approval.
func OfMonth(limit int) int { return min(100, 2*limit) }

func sinceMonth(now time.Time) time.Time { return database.Instant(now.Add(-Month)) }

// Monthly is Students for those who were deleted within the last Month and are still gone,
// together with those whom a job is about to delete. The shares are of all students who
// were there in that time, and of those who were there before it. It counts only if the
// accounts that count as one have deleted more than Few. A student who was restored in any
// way is no loss.
func Monthly(ctx context.Context, client *db.Client, now time.Time, o *db.Organization, own Own, job Job, more,
	percent int) ([2]Share, error) {
	system := viewer.AsSystem(ctx, "students who were deleted within a month")
	by, actors := among(own.deleting)
	lost := "l." + scope(o) + " = ? AND l.created_at > ? AND l.thing = 'STUDENT' AND l.verb = 'DELETED'"
	args := []any{o.ID, sinceMonth(now)}
	if o.Type == organization.TypeDISTRICT {
		lost += " AND l.left_at IS NULL"
	}
	var n Number
	for _, p := range []struct {
		number *int
		also   string
		args   []any
	}{{&n.Mine, " AND l.actor_id IN " + by, slices.Concat(args, actors)}, {&n.All, "", args}} {
		var err error
		*p.number, err = number(system, client,
			"SELECT COALESCE(SUM(CASE WHEN l.subject_id = 0 THEN l.number ELSE 0 END), 0) + "+
				"COUNT(DISTINCT CASE WHEN l.subject_id <> 0 THEN l.subject_id END) FROM losses l WHERE "+lost+p.also, p.args...)
		if *p.number += more; err != nil || n.Mine <= Few {
			return [2]Share{{Lost: n}, {Lost: n, Older: true}}, err
		}
	}
	q := lostStudents{client: client, o: o, own: own, n: map[Verb]Number{loss.VerbDELETED: n}, since: sinceMonth(now),
		job: job, came: sinceMonth(now), gone: true}
	return q.shares(ctx, Limit{percent, Few})
}

// refuseMonth refuses a deletion if too many students were deleted within a Month.
func refuseMonth(ctx context.Context, client *db.Client, now time.Time, v *viewer.Viewer, o *db.Organization,
	limits Limits, l Loss, own Own) error {
	limit := OfMonth(limits.Deleted)
	if l.Thing != loss.ThingSTUDENT || l.Verb != loss.VerbDELETED || limit == 100 {
		return nil
	}
	shares, err := Monthly(ctx, client, now, o, own, Job{}, 0, limit)
	if err != nil {
		return err
	}
	n := tooLarge(shares, Limit{limit, Few})
	if !n.Over(limit, Few) {
		return nil
	}
	switch {
	case !v.Administers(o.ID, o.DistrictID) && len(l.Left) > 0:
		return errLeftSchool(limit, "30 days")
	case !v.Administers(o.ID, o.DistrictID):
		return fault.Conflictf(
			"this would delete more than %d %% of the students of %s within 30 days; ask an administrator of the school", limit,
			o.Name).WithCode(Required)
	}
	return fault.Conflictf(
		"counting deletions of the last 30 days, this would delete %s of %s, and more than %d %% need a "+
			"second administrator; submit it with bulkDeleteStudents, so that a second administrator can approve it; "+
			"for an erasure, ask the person who runs the server", n.InWords(loss.ThingSTUDENT), o.Name, limit).WithCode(Required)
}
