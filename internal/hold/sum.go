package hold

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
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
	// What students have lost at a school that they had left is no second loss of the
	// district.
	here := " AND (left_at IS NULL OR left_at > ?)"
	switch {
	case by != "?":
		also, args = by+", ", append(args, since(now))
	case in == "district_id":
		here, args = " AND left_at IS NULL", append([]any{id}, args...)
	default:
		args = append(append([]any{id}, args...), since(now))
	}
	rows, err := client.QueryContext(viewer.AsSystem(ctx, "losses of an organization"),
		"SELECT "+by+", thing, verb, "+fmt.Sprintf(number, "")+", "+fmt.Sprintf(number, mine)+
			" FROM losses WHERE "+in+" = ? AND created_at > ?"+here+" GROUP BY "+also+"thing, verb", args...)
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

// settled is how long new things do not count when deletions of older things are compared,
// after they were created or have come. It is longer than Window; otherwise one could
// import a crowd, wait a day, and delete everybody else.
const settled = 7 * 24 * time.Hour

// Base returns how many groups, accounts or schools there are in an organization, for
// limiting the share that may be lost; for students see Students. New ones do not count
// for a while: otherwise creating a crowd would allow losing more of the others. In a new
// organization there may be no others, and then everything counts. Deletions are compared
// with the number at the start of the window, as far as the sums show it.
func Base(ctx context.Context, client *db.Client, now time.Time, o *db.Organization, thing Thing, verb Verb,
	sums Sums) (int, error) {
	system := viewer.AsSystem(ctx, "how much there is to lose in an organization")
	start, gone := since(now), 0
	if verb == loss.VerbDELETED {
		start, gone = database.Instant(now.Add(-settled)), sums[thing][verb].All
	}
	old, err := things(system, client, o, thing, &start)
	if err != nil || old+gone > 0 {
		return old + gone, err
	}
	return things(system, client, o, thing, nil)
}

// things counts the groups, accounts or schools of an organization, or those of them who
// have been there since an instant.
func things(system context.Context, client *db.Client, o *db.Organization, thing Thing, start *time.Time) (int, error) {
	switch thing {
	case loss.ThingGROUP:
		q := client.Group.Query().Where(group.OrganizationID(o.ID))
		if o.Type == organization.TypeDISTRICT {
			q = client.Group.Query().Where(group.DistrictID(o.ID))
		}
		if start != nil {
			q.Where(group.CreatedAtLTE(*start))
		}
		return q.Count(system)
	case loss.ThingEDUCATOR:
		// Somebody who gets a role comes to the school.
		role := []predicate.RoleAssignment{roleassignment.OrganizationID(o.ID)}
		q := client.Educator.Query().Where(educator.DistrictID(o.DistrictID))
		if start != nil {
			role = append(role, roleassignment.CreatedAtLTE(*start))
			q.Where(educator.CreatedAtLTE(*start))
		}
		if o.Type != organization.TypeDISTRICT {
			q.Where(educator.HasRolesWith(role...))
		}
		return q.Count(system)
	default:
		q := client.Organization.Query().Where(organization.DistrictID(o.DistrictID), organization.IDNEQ(o.DistrictID))
		if start != nil {
			q.Where(organization.CreatedAtLTE(*start))
		}
		return q.Count(system)
	}
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
