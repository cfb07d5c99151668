package hold

import (
	"context"
	"slices"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/student"
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

// Monthly returns how many students of an organization were deleted within the last Month
// and are still gone, plus those about to be deleted, and how many students there were. It
// counts only if the accounts that count as one have deleted more than Few. Beyond the
// limit it counts exactly: a student who was restored in any way is no loss.
func Monthly(ctx context.Context, client *db.Client, now time.Time, o *db.Organization, own Own, more,
	limit int) (n Number, were int, err error) {
	system := viewer.AsSystem(ctx, "students who were deleted within a month")
	by, actors := among(own.deleting)
	lost := "l." + scope(o) + " = ? AND l.created_at > ? AND l.thing = 'STUDENT' AND l.verb = 'DELETED'"
	args := []any{o.ID, sinceMonth(now)}
	parts := []struct {
		number *int
		also   string
		args   []any
	}{{&n.Mine, " AND l.actor_id IN " + by, slices.Concat(args, actors)}, {&n.All, "", args}}
	for _, p := range parts {
		*p.number, err = number(system, client,
			"SELECT COALESCE(SUM(CASE WHEN l.subject_id = 0 THEN l.number ELSE 0 END), 0) + "+
				"COUNT(DISTINCT CASE WHEN l.subject_id <> 0 THEN l.subject_id END) FROM losses l WHERE "+lost+p.also, p.args...)
		if *p.number += more; err != nil || n.Mine <= Few {
			return n, 0, err
		}
	}
	if were, err = studentsSince(system, client, now, sinceMonth(now), o); err != nil || !Over(n, were, limit, Few) {
		return n, were, err
	}
	for _, p := range parts {
		// All rows of a running job count.
		gone, err := number(system, client, "SELECT COUNT(*) FROM ("+
			"SELECT l.subject_id AS id FROM losses l LEFT JOIN students s ON s.id = l.subject_id "+
			"WHERE "+lost+p.also+" AND l.subject_id <> 0 AND (s.id IS NULL OR s.deleted_at IS NOT NULL) "+
			"UNION SELECT r.target_id AS id FROM losses l JOIN bulk_jobs j ON j.id = l.job_id JOIN bulk_job_rows r ON r.job_id "+
			"= j.id JOIN students s ON s.id = r.target_id WHERE "+lost+p.also+" AND s."+scope(o)+" = ? AND r.state <> 2 "+
			"AND (s.deleted_at IS NOT NULL OR j.status IN ('PROCESSING', 'UNDOING'))) gone",
			slices.Concat(p.args, p.args, []any{o.ID})...)
		if err != nil {
			return n, were, err
		}
		*p.number = min(*p.number, gone+more)
	}
	return n, were, nil
}

// studentsSince counts the students who have been in an organization at any time since an
// instant; see withoutNew.
func studentsSince(system context.Context, client *db.Client, now, since time.Time, o *db.Organization) (int, error) {
	in := student.OrganizationID(o.ID)
	if o.Type == organization.TypeDISTRICT {
		in = student.DistrictID(o.ID)
	}
	there, err := client.Student.Query().Where(in, student.DeletedAtIsNil()).Count(system)
	if err != nil {
		return 0, err
	}
	gone, err := client.Student.Query().Where(in, student.DeletedAtGT(since)).Count(system)
	if err != nil {
		return 0, err
	}
	return withoutNew(system, client, now, o, there+gone)
}

// refuseMonth refuses a deletion if too many students were deleted within a Month.
func refuseMonth(ctx context.Context, client *db.Client, now time.Time, v *viewer.Viewer, o *db.Organization,
	limits Limits, l Loss, own Own) error {
	limit := OfMonth(limits.Deleted)
	if l.Thing != loss.ThingSTUDENT || l.Verb != loss.VerbDELETED || limit == 100 {
		return nil
	}
	n, were, err := Monthly(ctx, client, now, o, own, 0, limit)
	if err != nil || !Over(n, were, limit, Few) {
		return err
	}
	if !v.Administers(o.ID, o.DistrictID) {
		return fault.Conflictf(
			"this would delete more than %d %% of the students of %s within 30 days; ask an administrator of the school", limit,
			o.Name).WithCode(Required)
	}
	return fault.Conflictf(
		"counting deletions of the last 30 days, this would delete %d of %d students of %s, and more than %d %% need a "+
			"second administrator; submit it with bulkDeleteStudents, so that a second administrator can approve it; "+
			"for an erasure, ask the person who runs the server", n.All, were, o.Name, limit).WithCode(Required)
}
