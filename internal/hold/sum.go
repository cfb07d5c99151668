package hold

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Number is how much has been lost in a window: by everybody, and by the accounts that
// count as one (see Own).
type Number struct{ All, Mine int }

func (n Number) plus(o Number) Number { return Number{n.All + o.All, n.Mine + o.Mine} }

// Sums are the losses of an organization in a window.
type Sums map[Thing]map[Verb]Number

// Add adds losses that are about to happen, caused by the account whose losses are Mine.
func (s Sums) Add(thing Thing, verb Verb, n int) {
	if s[thing] == nil {
		s[thing] = map[Verb]Number{}
	}
	s[thing][verb] = s[thing][verb].plus(Number{n, n})
}

// Of returns how much is deleted or changed. Moving a student to another school is a
// change.
func (s Sums) Of(thing Thing, verb Verb) Number {
	n := s[thing][verb]
	if verb == loss.VerbCHANGED {
		n = n.plus(s[thing][loss.VerbLEFT])
	}
	return n
}

// Sum adds up what has been lost in a school, or in a whole district, in the window that
// ends now. Changing the same student twice counts once.
func Sum(ctx context.Context, client *db.Client, now time.Time, o *db.Organization, own Own) (Sums, error) {
	sums, err := sum(ctx, client, now, scope(o), "?", o.ID, own)
	if sums[o.ID] == nil {
		return Sums{}, err
	}
	return sums[o.ID], err
}

// SumBySchool is Sum for each school of a district, with one statement.
func SumBySchool(ctx context.Context, client *db.Client, now time.Time, districtID int, own Own) (map[int]Sums, error) {
	return sum(ctx, client, now, "district_id", "organization_id", districtID, own)
}

// sum returns the losses grouped by a column, or by nothing if it is ?.
func sum(ctx context.Context, client *db.Client, now time.Time, in, by string, id int, own Own) (map[int]Sums, error) {
	const number = "COALESCE(SUM(CASE WHEN subject_id = 0 %[1]s THEN number ELSE 0 END), " +
		"0) + COUNT(DISTINCT CASE WHEN subject_id <> 0 %[1]s THEN subject_id END)"
	deleting, deleters := among(own.deleting)
	changing, changers := among(own.changing)
	mine := "AND (verb = 'DELETED' AND actor_id IN " + deleting + " OR verb <> 'DELETED' AND actor_id IN " + changing + ")"
	byOwn := slices.Concat(deleters, changers)
	args, also := append(slices.Concat(byOwn, byOwn), id, since(now)), ""
	if by == "?" {
		args = append([]any{id}, args...)
	} else {
		also = by + ", "
	}
	rows, err := client.QueryContext(viewer.AsSystem(ctx, "losses of an organization"),
		"SELECT "+by+", thing, verb, "+fmt.Sprintf(number, "")+", "+fmt.Sprintf(number, mine)+
			" FROM losses WHERE "+in+" = ? AND created_at > ? GROUP BY "+also+"thing, verb", args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[int]Sums{}
	for rows.Next() {
		var of int
		var thing Thing
		var verb Verb
		var n Number
		if err := rows.Scan(&of, (*string)(&thing), (*string)(&verb), &n.All, &n.Mine); err != nil {
			return nil, err
		}
		if all[of] == nil {
			all[of] = Sums{}
		}
		if all[of][thing] == nil {
			all[of][thing] = map[Verb]Number{}
		}
		all[of][thing][verb] = n
	}
	return all, rows.Err()
}

// Distinct corrects sums by the number of different students in the bulk jobs behind them
// and in one that is about to count, if that is smaller: a program that sends the same
// students every hour changes them once. The rows of a job include students who lose
// nothing, so neither number is too small.
func Distinct(ctx context.Context, client *db.Client, now time.Time, o *db.Organization, own Own, verb Verb, job Job,
	sums Sums) error {
	n, there := sums[loss.ThingSTUDENT][verb], ""
	by, actors := among(own.deleting)
	if verb != loss.VerbDELETED {
		there = " AND s.deleted_at IS NULL"
		by, actors = among(own.changing)
	}
	// A student who has left the school belongs to another one.
	where, at := "s."+scope(o), o.ID
	if verb == loss.VerbLEFT {
		where, at = "s.district_id", o.DistrictID
	}
	for _, part := range []struct {
		number *int
		also   string
		args   []any
	}{{&n.All, "", nil}, {&n.Mine, " AND l.actor_id IN " + by, actors}} {
		lost := "l." + scope(o) + " = ? AND l.created_at > ? AND l.thing = 'STUDENT' AND l.verb = ?" + part.also
		args := append([]any{o.ID, since(now), string(verb)}, part.args...)
		query := "SELECT COUNT(*) FROM (SELECT l.subject_id AS id FROM losses l WHERE " + lost + " AND l.subject_id <> 0 " +
			"UNION SELECT r.target_id AS id FROM bulk_job_rows r JOIN students s ON s.id = r.target_id WHERE " + where +
			" = ? AND r.state <> 2" + there + " " +
			"AND (r.job_id = ? OR r.job_id IN (SELECT l.job_id FROM losses l WHERE " + lost +
			" AND l.job_id <> 0))) students_of_jobs"
		all := append(append(append([]any{}, args...), at, job.ID), args...)
		distinct, err := number(viewer.AsSystem(ctx, "students of several jobs"), client, query, all...)
		if err != nil {
			return err
		}
		*part.number = min(*part.number, distinct)
	}
	if sums[loss.ThingSTUDENT] != nil {
		sums[loss.ThingSTUDENT][verb] = n
	}
	return nil
}

// Base is how many things there are in an organization. Deletions are measured against the
// number at the start of the window, as far as the sums tell.
func Base(ctx context.Context, client *db.Client, now time.Time, o *db.Organization, thing Thing, verb Verb,
	sums Sums) (n int, err error) {
	system := viewer.AsSystem(ctx, "how much there is to lose in an organization")
	district := o.Type == organization.TypeDISTRICT
	gone := 0
	if verb == loss.VerbDELETED && thing != loss.ThingSTUDENT {
		gone = sums[thing][verb].All
	}
	switch thing {
	case loss.ThingSTUDENT:
		if verb == loss.VerbDELETED {
			return studentsSince(system, client, now, since(now), o)
		}
		in := student.OrganizationID(o.ID)
		if district {
			in = student.DistrictID(o.ID)
		}
		n, err = client.Student.Query().Where(in, student.DeletedAtIsNil()).Count(system)
	case loss.ThingGROUP:
		in := group.OrganizationID(o.ID)
		if district {
			in = group.DistrictID(o.ID)
		}
		n, err = client.Group.Query().Where(in).Count(system)
	case loss.ThingEDUCATOR:
		q := client.Educator.Query().Where(educator.DistrictID(o.ID))
		if !district {
			q = client.Educator.Query().Where(educator.HasRolesWith(roleassignment.OrganizationID(o.ID)))
		}
		n, err = q.Count(system)
	default:
		n, err = client.Organization.Query().
			Where(organization.DistrictID(o.DistrictID), organization.IDNEQ(o.DistrictID)).Count(system)
	}
	return n + gone, err
}

// settled is how long students who came by bulk jobs, or from another school, do not raise
// the base. It is longer than Window; otherwise one could import a crowd, wait a day, and
// delete everybody else.
const settled = 7 * 24 * time.Hour

// withoutNew counts students who came by recent bulk jobs, or from another school, only up
// to the number of students who were there before. Otherwise importing a crowd, or moving
// one in, would allow deleting more of the others. In a new school there may be nobody
// else.
func withoutNew(system context.Context, client *db.Client, now time.Time, o *db.Organization, all int) (int, error) {
	start := database.Instant(now.Add(-settled))
	jobs, err := client.BulkJob.Query().
		Where(bulkjob.DistrictID(o.DistrictID), bulkjob.KindEQ(bulkjob.KindIMPORT_STUDENTS),
			bulkjob.StartedAtGT(start), bulkjob.Or(bulkjob.CreatedGT(0), bulkjob.UpdatedGT(0))).IDs(system)
	if err != nil {
		return all, err
	}
	parts, args := []string{}, []any{}
	came := "r.undo_loses = 3 AND r.state IN (1, 3)"
	// Moving between two schools of a district adds nobody to the district. A student whom
	// no job has moved has left the other school by a single change.
	if o.Type == organization.TypeSCHOOL {
		came += " OR r.loses = 2 AND r.state IN (1, 4)"
		parts = append(parts, "SELECT s.id AS id FROM losses l JOIN students s ON s.id = l.subject_id "+
			"WHERE s.organization_id = ? AND l.district_id = ? AND l.organization_id <> ? AND l.created_at > ? "+
			"AND l.thing = 'STUDENT' AND l.verb = 'LEFT'")
		args = append(args, o.ID, o.DistrictID, o.ID, start)
	}
	if len(jobs) > 0 {
		parts = append(parts, "SELECT s.id AS id FROM bulk_job_rows r JOIN students s ON s.id = r.target_id "+
			"WHERE s."+scope(o)+" = ? AND ("+came+") AND r.job_id IN ("+places(len(jobs), "?")+")")
		args = append(args, o.ID)
		for _, id := range jobs {
			args = append(args, id)
		}
	}
	if len(parts) == 0 {
		return all, nil
	}
	query := strings.Join(parts, " UNION ")
	fresh, err := number(system, client, "SELECT COUNT(*) FROM ("+query+") fresh", args...)
	if old := all - fresh; old > 0 {
		return old + min(old, fresh), err
	}
	return all, err
}

// Over reports whether a loss is too much: more than limit percent, by one account that
// has done more than Few, or by everybody if the account has done at least Few. With a
// limit of 100 percent nothing is too much.
func Over(n Number, base, limit, few int) bool {
	over := func(n int) bool { return base > 0 && limit < 100 && n*100 > limit*base }
	return n.Mine > few && over(n.Mine) || n.Mine >= max(Few, few+1) && over(n.All)
}

// among returns a list for IN, with its arguments.
func among(ids []int) (string, []any) {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	return "(" + places(len(ids), "?") + ")", args
}

func scope(o *db.Organization) string {
	if o.Type == organization.TypeDISTRICT {
		return "district_id"
	}
	return "organization_id"
}

func since(now time.Time) time.Time { return database.Instant(now.Add(-Window)) }

func number(ctx context.Context, client *db.Client, query string, args ...any) (n int, err error) {
	rows, err := client.QueryContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	if rows.Next() {
		err = rows.Scan(&n)
	}
	if err == nil {
		err = rows.Err()
	}
	return n, err
}

// inWords has the plural of each thing.
var inWords = map[Thing]string{
	loss.ThingSTUDENT:  "students",
	loss.ThingGROUP:    "classes or groups",
	loss.ThingEDUCATOR: "accounts",
	loss.ThingSCHOOL:   "schools",
}

// InWords returns the name of n things.
func InWords(thing Thing, n int) string {
	if n == 1 {
		return strings.NewReplacer("classes", "class", "groups", "group", "students", "student", "accounts", "account",
			"schools", "school").Replace(inWords[thing])
	}
	return inWords[thing]
}
