package hold

import (
	"context"
	"slices"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Required is the code of a change that needs a second administrator.
const Required = "HOLD_REQUIRED"

// Limits are how much of an organization can be deleted and changed without a second
// administrator, in percent.
type Limits struct{ Deleted, Changed int }

// LimitsOf reads the limits of organizations, by their keys.
type LimitsOf func(ctx context.Context, client *db.Client, now time.Time,
	orgs ...*db.Organization) (map[int]Limits, error)

// Single records the losses of a change that is no bulk job. It returns a fault.Conflict
// with the code Required if they are too much, together with what the viewer, or
// everybody, has deleted or changed in the window or deleted within a Month. Call it at
// the end of the transaction of the change. Nobody is refused up to Few.
func Single(ctx context.Context, client *db.Client, now time.Time, limitsOf LimitsOf, losses ...Loss) error {
	v := viewer.FromContext(ctx)
	losses = slices.DeleteFunc(losses, func(l Loss) bool { return len(l.Subjects) == 0 })
	if len(losses) == 0 || v == nil || v.IsSystem() {
		return nil
	}
	losses, err := alsoElsewhere(ctx, client, now, losses)
	if err != nil {
		return err
	}
	orgs, err := concerned(ctx, client, v, losses)
	if err != nil {
		return err
	}
	if err := Write(ctx, client, now, Job{}, losses); err != nil {
		return err
	}
	// The lock comes before the sums, so that two changes by one person always count each
	// other, however small they are.
	if err := Lock(ctx, client, losses[0].DistrictID); err != nil {
		return err
	}
	limits, err := limitsOf(ctx, client, now, orgs...)
	if err != nil {
		return err
	}
	for _, o := range orgs {
		own, err := OwnOf(ctx, client, now, o, v.SubmitterID())
		if err != nil {
			return err
		}
		sums, err := Sum(ctx, client, now, o, own)
		if err != nil {
			return err
		}
		for _, l := range losses {
			if !l.In(o.ID) {
				continue
			}
			if err := refuse(ctx, client, now, v, o, limits[o.ID], l, own, sums); err != nil {
				return err
			}
			if err := refuseMonth(ctx, client, now, v, o, limits[o.ID], l, own); err != nil {
				return err
			}
		}
	}
	return nil
}

// concerned returns the organizations of losses, and their district if the viewer
// administers it.
func concerned(ctx context.Context, client *db.Client, v *viewer.Viewer, losses []Loss) ([]*db.Organization, error) {
	var ids []int
	for _, l := range losses {
		if ids = append(ids, l.OrganizationID); v.Administers(l.DistrictID, l.DistrictID) {
			ids = append(ids, l.DistrictID)
		}
	}
	slices.Sort(ids)
	return client.Organization.Query().Where(organization.IDIn(slices.Compact(ids)...)).
		Order(db.Asc(organization.FieldID)).
		All(viewer.AsSystem(ctx, "organizations in which something is lost"))
}

// counted returns the verb by which a loss is judged.
func counted(verb Verb) Verb {
	if verb == loss.VerbDELETED {
		return verb
	}
	return loss.VerbCHANGED
}

func refuse(ctx context.Context, client *db.Client, now time.Time, v *viewer.Viewer, o *db.Organization, limits Limits,
	l Loss, own Own, sums Sums) error {
	verb, limit, does, done := counted(l.Verb), limits.Changed, "change", "changed"
	if verb == loss.VerbDELETED {
		limit, does, done = limits.Deleted, "delete", "deleted"
	}
	if limit == 100 || sums.Of(l.Thing, verb).Mine <= Few {
		return nil
	}
	n, err := sharesOf(ctx, client, now, o, l.Thing, verb, own, sums, Limit{limit, Few})
	if err != nil || !n.Over(limit, Few) {
		return err
	}
	instead := "ask another administrator to do it, or wait until tomorrow"
	switch {
	case !v.Administers(o.ID, o.DistrictID) && len(l.Left) > 0:
		return errLeftSchool(limit, "24 hours")
	case !v.Administers(o.ID, o.DistrictID):
		// Do not reveal the numbers to somebody who does not see all the things.
		return fault.Conflictf(
			"more than %d %% of the %s of %s would be %s within 24 hours; ask an administrator of the school",
			limit, inWords[l.Thing], o.Name, done).WithCode(Required)
	case l.Thing == loss.ThingSTUDENT && verb == loss.VerbDELETED:
		instead = "submit it with bulkDeleteStudents, so that a second administrator can approve it"
	case l.Thing == loss.ThingSTUDENT:
		instead = "submit it as a bulk job, so that a second administrator can approve it"
	}
	return fault.Conflictf(
		"counting what was %s in the last 24 hours, this would %s %s of %s, "+
			"and more than %d %% need a second administrator; %s",
		done, does, n.InWords(l.Thing), o.Name, limit, instead).WithCode(Required)
}

// errLeftSchool refuses a deletion of students who have left a school, which the viewer
// does not see.
func errLeftSchool(limit int, window string) error {
	return fault.Conflictf("these students have come from another school, and more than %d %% of its students would be "+
		"deleted within %s; ask an administrator of the district", limit, window).WithCode(Required)
}

// sharesOf returns the share of things that are lost, or the share of the older ones if
// only that is too large.
func sharesOf(ctx context.Context, client *db.Client, now time.Time, o *db.Organization, thing Thing, verb Verb,
	own Own, sums Sums, limit Limit) (Share, error) {
	if thing != loss.ThingSTUDENT {
		base, err := Base(ctx, client, now, o, thing, verb, sums)
		return Share{Lost: sums.Of(thing, verb), Of: base}, err
	}
	shares, err := Students(ctx, client, now, o, own, verb, Job{}, sums, limit)
	return tooLarge(shares, limit), err
}

// tooLarge returns the first share that is too large, or the last one.
func tooLarge(shares [2]Share, limit Limit) Share {
	if shares[0].Over(limit.Percent, limit.Few) {
		return shares[0]
	}
	return shares[1]
}
