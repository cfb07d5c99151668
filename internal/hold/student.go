package hold

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Share is how many students are lost, and of how many. A job may lose a limited share of
// all students who were there in the window, and of those who have been there for longer.
// So students who have just come may be lost again, but they never make room for losing
// more of the others, however they came.
type Share struct {
	Lost Number
	// Of is 0 if it was not counted, because the share cannot be too large.
	Of int
	// Older is true for the students who have been there for longer.
	Older bool
}

// Over is the function Over for a share.
func (s Share) Over(limit, few int) bool { return Over(s.Lost, s.Of, limit, few) }

// InWords says how many are lost, and of how many.
func (s Share) InWords(thing Thing) string {
	switch text := fmt.Sprintf("%d of %d %s", s.Lost.All, s.Of, InWords(thing, s.Of)); {
	case s.Lost.All > s.Of: // Some have come so lately, or come back, that they are not counted.
		return fmt.Sprintf("%d %s, where %d have been there for longer", s.Lost.All, InWords(thing, s.Lost.All), s.Of)
	case s.Older:
		return text + " who have been there for longer"
	default:
		return text
	}
}

// Limit is a limit in percent, and how many may always be lost.
type Limit struct{ Percent, Few int }

// Returns reports whether a student who comes back, and was deleted at an instant, was not
// there within Window. Such a student counts as new; a student who was there counts as
// changed.
func Returns(now time.Time, deletedAt *time.Time) bool {
	return deletedAt == nil || !deletedAt.After(since(now))
}

// Students returns the shares of the students of an organization who are deleted, or
// changed, within the window: first of all students, then of those who have been there for
// longer. The sums include the students whom a job that is about to count loses. If
// neither share can be too large, the numbers may be too high and nothing is counted that
// they could be compared with: then a few statements are enough, which read no more rows
// than the limit requires.
func Students(ctx context.Context, client *db.Client, now time.Time, o *db.Organization, own Own, verb Verb, job Job,
	sums Sums, limit Limit) ([2]Share, error) {
	q := lostStudents{client: client, o: o, own: own, n: map[Verb]Number{}, since: since(now), job: job}
	if verb == loss.VerbDELETED {
		q.n[verb], q.came = sums[loss.ThingSTUDENT][verb], database.Instant(now.Add(-settled))
		return q.shares(ctx, limit)
	}
	q.came = q.since
	for _, v := range []Verb{loss.VerbCHANGED, loss.VerbLEFT} {
		if q.n[v] = sums[loss.ThingSTUDENT][v]; own.alone {
			q.n[v] = Number{q.n[v].Mine, q.n[v].Mine}
		}
	}
	return q.shares(ctx, limit)
}

// StudentsThere counts the students of an organization with whom changes, or deletions,
// are compared.
func StudentsThere(ctx context.Context, client *db.Client, now time.Time, o *db.Organization, verb Verb) (int, error) {
	return lostStudents{client: client, o: o, n: map[Verb]Number{verb: {}}, since: since(now)}.there(ctx, "")
}

// Losing is how many students of an organization are changed, and the limit for it.
type Losing struct {
	Organization *db.Organization
	Number       int
	Percent      int
}

// EnoughOlder returns the organizations in which so many students have been there for
// longer that what is changed is not too much. It reads no more students than necessary,
// and may miss some organizations.
func EnoughOlder(ctx context.Context, client *db.Client, now time.Time, of []Losing) (map[int]bool, error) {
	enough := map[int]bool{}
	system := viewer.AsSystem(ctx, "whether schools have many students")
	for chunk := range slices.Chunk(of, 100) {
		var parts []string
		var args []any
		needed := map[int]int{}
		for _, l := range chunk {
			q := lostStudents{client: client, o: l.Organization, since: since(now), came: since(now)}
			n := enoughFor(l.Number, l.Percent)
			part, of := q.sample(n)
			parts, needed[l.Organization.ID] = append(parts, "SELECT ?, ("+part+")"), n
			args = append(append(args, l.Organization.ID), of...)
		}
		rows, err := client.QueryContext(system, strings.Join(parts, " UNION ALL "), args...)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		for rows.Next() {
			var id, n int
			if err := rows.Scan(&id, &n); err != nil {
				return nil, err
			}
			enough[id] = n >= needed[id]
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	return enough, nil
}

// enoughFor returns of how many students n may be lost. If none may be lost, there are
// never enough.
func enoughFor(n, percent int) int {
	if percent <= 0 {
		return math.MaxInt32
	}
	return (n*100 + percent - 1) / percent
}

// lostStudents asks which students of an organization are lost since an instant.
type lostStudents struct {
	client *db.Client
	o      *db.Organization
	own    Own
	// n are the sums of the losses, which are never too low.
	n     map[Verb]Number
	since time.Time
	// job is the job that is about to count.
	job Job
	// came is the time since when older students have been there.
	came time.Time
	// gone is true if students who are there again do not count.
	gone bool
	// left is true if students have left the school since, and deletions are counted.
	left bool
}

func (q lostStudents) shares(ctx context.Context, limit Limit) (shares [2]Share, err error) {
	var n Number
	for _, of := range q.n {
		n = n.plus(of)
	}
	shares = [2]Share{{Lost: n}, {Lost: n, Older: true}}
	all, older := &shares[0], &shares[1]
	tooMany := func(n Number, of int) bool { return Over(n, of, limit.Percent, limit.Few) }
	if !tooMany(n, 1) {
		return shares, nil
	}
	if err := q.findLeft(ctx); err != nil {
		return shares, err
	}
	enough := enoughFor(n.All, limit.Percent)
	part, args := q.sample(enough)
	there, err := number(viewer.AsSystem(ctx, "whether there are many students"), q.client, part, args...)
	if err != nil || there >= enough {
		return shares, err
	}
	if all.Of, err = q.there(ctx, ""); err != nil {
		return shares, err
	}
	if tooMany(n, all.Of) {
		if all.Lost, err = q.lost(ctx, false); err != nil {
			return shares, err
		}
	}
	if older.Lost, err = q.lost(ctx, true); err != nil || !tooMany(older.Lost, 1) {
		return shares, err
	}
	for _, inSchool := range []bool{true, false} {
		// In a school that has just begun, all students may have come from other schools.
		condition, args := q.olderThere(inSchool)
		if older.Of, err = q.there(ctx, " AND "+condition, args...); err != nil || older.Of > 0 {
			break
		}
	}
	return shares, err
}

// sample counts older students in a sample of the students who are there. The sample is a
// quarter larger than would be enough, because in most schools nearly all students are
// older. No more of a district is read.
func (q lostStudents) sample(enough int) (query string, args []any) {
	older, olderArgs := q.older("t", true)
	args = append([]any{q.o.ID, enough + enough/4 + 100}, olderArgs...)
	return "SELECT COUNT(*) FROM (SELECT created_at, returned_at, moved_at, organization_id FROM students WHERE " +
		scope(q.o) + " = ? AND deleted_at IS NULL LIMIT ?) t WHERE " + older, args
}

// older is a condition for students who have been in the district since q.came, and in the
// school as well.
func (q lostStudents) older(t string, inSchool bool) (condition string, args []any) {
	condition = t + ".created_at <= ? AND (" + t + ".returned_at IS NULL OR " + t + ".returned_at <= ?)"
	args = []any{q.came, q.came}
	if inSchool && q.o.Type == organization.TypeSCHOOL {
		// For students who have left the school since, it is unknown when they had come to
		// it.
		condition += " AND (" + t + ".moved_at IS NULL OR " + t + ".moved_at <= ? OR " + t + ".organization_id <> ?)"
		args = append(args, q.came, q.o.ID)
	}
	return condition, args
}

// olderThere is older for the students who are there. For deletions, it includes those who
// were deleted and came back since: they count if they are lost, so without them somebody
// could delete and restore all students one after the other until nobody is older.
func (q lostStudents) olderThere(inSchool bool) (condition string, args []any) {
	condition, args = q.older("s", inSchool)
	if !q.deletes() {
		return condition, args
	}
	condition = "(" + condition + " OR s.created_at <= ? AND s.gone_at IS NOT NULL AND s.gone_at > ?"
	args = append(args, q.came, q.came)
	if inSchool && q.o.Type == organization.TypeSCHOOL {
		condition += " AND (s.moved_at IS NULL OR s.moved_at <= ? OR s.organization_id <> ?)"
		args = append(args, q.came, q.o.ID)
	}
	return condition + ")", args
}

// olderLost is older for students who are lost. A student who was moved to a school makes
// no room there, but does not count as new when deleted: otherwise one could first move
// the others in together with a crowd. Nor does a student who was deleted and came back
// since: otherwise one could first delete and restore the others one after the other.
func (q lostStudents) olderLost() (condition string, args []any) {
	condition, args = q.older("s", !q.deletes())
	condition = "(" + condition + " OR s.created_at <= ? AND s.gone_at IS NOT NULL AND s.gone_at > ?)"
	args = append(args, q.came, q.came)
	if q.left { // Whoever had just come to the school that was left was new there.
		condition += " AND NOT EXISTS (SELECT 1 FROM former_schools f WHERE f.student_id = s.id AND " +
			"f.organization_id = ? AND f.came_at > ?)"
		args = append(args, q.o.ID, q.came)
	}
	return condition, args
}

func (q lostStudents) deletes() bool {
	_, deletes := q.n[loss.VerbDELETED]
	return deletes
}

// there counts the students who are there; for deletions, those who were there at any time
// since q.since. older limits them to older students.
func (q lostStudents) there(ctx context.Context, older string, args ...any) (int, error) {
	query, all := "SELECT COUNT(*) FROM students s WHERE s."+scope(q.o)+" = ? AND ", []any{q.o.ID}
	if q.deletes() {
		query, all = query+"(s.deleted_at IS NULL OR s.deleted_at > ?)", append(all, q.since)
	} else {
		query += "s.deleted_at IS NULL"
	}
	system := viewer.AsSystem(ctx, "how many students there are")
	n, err := number(system, q.client, query+older, append(all, args...)...)
	if err != nil || !q.left {
		return n, err
	}
	// Deletions of students who have left are counted here, so all who have left are.
	query, all = "SELECT COUNT(*) FROM former_schools f JOIN students s ON s.id = f.student_id "+
		"WHERE f.organization_id = ? AND f.created_at > ?"+older, append([]any{q.o.ID, q.since}, args...)
	if older != "" {
		query, all = query+" AND (f.came_at IS NULL OR f.came_at <= ?)", append(all, q.came)
	}
	more, err := number(system, q.client, query, all...)
	return n + more, err
}

// lost counts the lost students, each once, however many changes and jobs are about them:
// a program that sends the same students every hour changes them once.
func (q lostStudents) lost(ctx context.Context, older bool) (found Number, err error) {
	for verb, n := range q.n {
		mine, err := q.distinct(ctx, verb, true, older)
		if err != nil {
			return found, err
		}
		all := mine
		if verb == loss.VerbDELETED || !q.own.alone {
			if all, err = q.distinct(ctx, verb, false, older); err != nil {
				return found, err
			}
		}
		found = found.plus(Number{min(n.All, all+q.job.Corrected), min(n.Mine, mine+q.job.Corrected)})
	}
	return found, nil
}

func (q lostStudents) distinct(ctx context.Context, verb Verb, mine, onlyOlder bool) (int, error) {
	system := viewer.AsSystem(ctx, "students of several jobs")
	lost := "l." + scope(q.o) + " = ? AND l.created_at > ? AND l.thing = 'STUDENT' AND l.verb = ?"
	args := []any{q.o.ID, q.since, string(verb)}
	if mine {
		actors := q.own.deleting
		if verb != loss.VerbDELETED {
			actors = q.own.changing
		}
		in, ids := among(actors)
		lost, args = lost+" AND l.actor_id IN "+in, append(args, ids...)
	}
	switch {
	case !q.deletes():
	case q.o.Type == organization.TypeDISTRICT:
		lost += " AND l.left_at IS NULL"
	default:
		lost, args = lost+" AND (l.left_at IS NULL OR l.left_at > ?)", append(args, q.since)
	}
	older, olderArgs := "", []any(nil)
	if onlyOlder {
		older, olderArgs = q.olderLost()
	}
	query, all := "SELECT DISTINCT l.subject_id AS id FROM losses l WHERE "+lost+" AND l.subject_id <> 0", args
	if q.gone {
		query += " AND NOT EXISTS (SELECT 1 FROM students s WHERE s.id = l.subject_id AND s.deleted_at IS NULL)"
	}
	if onlyOlder { // Whoever is erased is not found any more, and counts.
		query += " AND NOT EXISTS (SELECT 1 FROM students s WHERE s.id = l.subject_id AND NOT (" + older + "))"
		all = slices.Concat(all, olderArgs)
	}
	jobs, err := q.jobs(system, lost, args)
	if err != nil {
		return 0, err
	}
	// A student who has left the school belongs to another one.
	where, at := q.wasAt()
	if verb == loss.VerbLEFT {
		where, at = "s.district_id = ?", []any{q.o.DistrictID}
	}
	for _, undo := range []bool{false, true} {
		list, loses := jobs[undo], "r.loses"
		if undo {
			loses = "r.undo_loses"
		}
		if q.job.ID != 0 && q.job.Undo == undo {
			list = append(list, q.job.ID)
		}
		if len(list) == 0 {
			continue
		}
		in, ids := among(list)
		// Rows of an earlier version do not say what they lose.
		query += " UNION SELECT r.target_id AS id FROM bulk_job_rows r JOIN students s ON s.id = r.target_id " +
			"JOIN bulk_jobs j ON j.id = r.job_id WHERE r.job_id IN " + in + " AND " + where + " AND r.state <> 2 AND " +
			loses + " IN (-1, ?)"
		all = slices.Concat(all, ids, at, []any{losesOf[verb]})
		if verb != loss.VerbDELETED { // The student of a row that brings somebody back is not there yet.
			query += " AND (s.deleted_at IS NULL OR r.undo_loses = 3)"
		}
		if q.gone { // All rows of a job that runs, or is about to, count.
			query += " AND (s.deleted_at IS NOT NULL OR r.job_id = ? OR j.status IN ('PROCESSING', 'UNDOING'))"
			all = append(all, q.job.ID)
		}
		if onlyOlder {
			query += " AND " + older
			all = append(all, olderArgs...)
		}
	}
	return number(system, q.client, "SELECT COUNT(*) FROM ("+query+") lost_students", all...)
}

// losesOf is how the rows of a job record what they lose; see internal/job/row.
var losesOf = map[Verb]int{loss.VerbCHANGED: 1, loss.VerbLEFT: 2, loss.VerbDELETED: 3}

// jobs returns the jobs behind losses and, under true, the jobs whose undo caused them.
func (q lostStudents) jobs(system context.Context, lost string, args []any) (map[bool][]int, error) {
	rows, err := q.client.QueryContext(system, "SELECT DISTINCT l.job_id, l.`undo` FROM losses l WHERE "+lost+
		" AND l.job_id <> 0", args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	jobs := map[bool][]int{}
	for rows.Next() {
		var id, undo int
		if err := rows.Scan(&id, &undo); err != nil {
			return nil, err
		}
		jobs[undo == 1] = append(jobs[undo == 1], id)
	}
	return jobs, rows.Err()
}
