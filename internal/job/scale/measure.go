// Package scale measures how much jobs delete and change, so that a job that does too much
// is put on hold.
package scale

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/setting"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// share is how much one organization loses by a job or its undo, together with what it has
// lost in the hours before.
type share struct {
	org    *db.Organization
	limits setting.Settings
	thing  hold.Thing
	// deleted and changed are what the job and earlier changes do together; own is the
	// part of the job. month is what the job deletes together with what was deleted in the
	// 30 days before; see hold.Monthly. The second share of each is about the students who
	// have been there for longer.
	deleted, changed, month [2]hold.Share
	ownDeleted, ownChanged  int
	// within is a school in a job for its district, or for another school.
	within bool
	// nightly is true for a school in a job that a program starts for the district:
	// changes by the school's people do not count there, so that they cannot put such a
	// job on hold.
	nightly bool
	// left is true for a school in which nothing is lost but students who have left it before.
	left bool
}

// manyChanged is how many students of a school a job for the district changes at
// least to be put on hold because of that school. A new grade for the only student of
// a branch does not hold up what a whole district sends every night. For another
// school's job that is so unless the school has set a limit of its own.
const manyChanged = 10

// Excess says what a job would do too much of, and where.
type Excess struct {
	verb  string
	thing hold.Thing
	share hold.Share
	limit int // In percent.
	at    *db.Organization
	// before is true if a part of it was done before the job; month if that was within the
	// 30 days before.
	before, month bool
	// left is true for a school that the students have left before.
	left bool
}

// Percent is the part of the students that is affected, from 1 to 100.
func (e *Excess) Percent() int { return min(100, max(1, e.share.Lost.All*100/max(1, e.share.Of))) }

// Does says what the job would do. People who read about a job of one school do not learn
// which other school it is about, and how many students that has. The same holds for
// somebody who has selected students who were at yet another school.
func (e *Excess) Does(job *db.BulkJob) string {
	number := fmt.Sprintf("%s %s", e.verb, e.share.InWords(e.thing))
	switch {
	case e.at.ID == job.OrganizationID:
		return number
	case job.OrganizationID == job.DistrictID && !e.left:
		return fmt.Sprintf("%s of %s", number, e.at.Name)
	default:
		return fmt.Sprintf("%s more than %d %% of the %s of another school", e.verb, e.limit, hold.InWords(e.thing, 2))
	}
}

// Facts are what the audit trail of the job's organization says of it.
func (e *Excess) Facts(job *db.BulkJob) audit.Facts {
	if e.at.ID != job.OrganizationID && job.OrganizationID != job.DistrictID {
		return audit.Facts{"verb": e.verb, "limit": e.limit}
	}
	return audit.Facts{"verb": e.verb, "affected": e.share.Lost.All, "students": e.share.Of, "percent": e.Percent()}
}

// few returns how many things may always be deleted, or changed. There are few groups,
// accounts and schools, so a person may always change some of them.
func (sh *share) few() (deleted, changed int) {
	if sh.thing != loss.ThingSTUDENT {
		deleted, changed = hold.Few, hold.Few
	}
	if sh.within && sh.limits.Inherited.HoldChangedPercent {
		changed = max(changed, manyChanged-1)
	}
	return deleted, changed
}

// excess returns what is too much of a share, or nil.
func (sh *share) excess() *Excess {
	deleted, changed := sh.few()
	for _, l := range []struct {
		verb       string
		of         [2]hold.Share
		limit, few int
		own        int
		month      bool
	}{
		{"delete", sh.deleted, sh.limits.HoldDeletedPercent, deleted, sh.ownDeleted, false},
		{"delete", sh.month, hold.OfMonth(sh.limits.HoldDeletedPercent), hold.Few, sh.ownDeleted, true},
		{"change", sh.changed, sh.limits.HoldChangedPercent, changed, sh.ownChanged, false},
	} {
		for _, of := range l.of {
			if l.own > 0 && of.Over(l.limit, l.few) {
				return &Excess{l.verb, sh.thing, of, l.limit, sh.org, l.month || of.Lost.All > l.own, l.month,
					sh.left}
			}
		}
	}
	return nil
}

// Worst returns the excess of the organization of the job, if there is one, and otherwise
// that of the school of which the greatest part is affected.
func Worst(shares []*share) (found *Excess) {
	for i, sh := range shares {
		if e := sh.excess(); e != nil && (found == nil || e.Percent() > found.Percent()) {
			found = e
		}
		if i == 0 && found != nil {
			return found
		}
	}
	return found
}

// Measure returns which share of the job's organization, which comes first, and of
// each school whose students are affected the losses are. Schools are measured as if
// the rows had been submitted for them. So nobody avoids the limit of a school by
// submitting the job for the district, or for the school to which the students move.
func (z *Scale) Measure(ctx context.Context, job *db.BulkJob, undo bool, losses []hold.Loss) ([]*share, error) {
	return z.measure(ctx, job, hold.Job{ID: job.ID, Undo: undo}, losses)
}

func (z *Scale) measure(ctx context.Context, job *db.BulkJob, this hold.Job, losses []hold.Loss) ([]*share, error) {
	system := viewer.AsSystem(ctx, "how much of an organization a job deletes and changes")
	client := z.DB.Client(ctx)
	ids := []int{job.OrganizationID}
	for _, l := range losses {
		ids = append(ids, l.OrganizationID)
	}
	slices.Sort(ids)
	orgs, err := client.Organization.Query().Where(organization.IDIn(slices.Compact(ids)...)).
		Order(db.Asc(organization.FieldID)).All(system)
	if err != nil {
		return nil, err
	}
	limits, err := setting.Read(ctx, client, z.Now(), orgs...)
	if err != nil {
		return nil, err
	}
	all := make([]*share, 0, len(orgs))
	for _, o := range orgs {
		sh := &share{org: o, limits: limits[o.ID], thing: z.kinds.About(job.Kind).Thing, within: o.ID != job.OrganizationID}
		if sh.within && z.ofDistrict(ctx, job) {
			sh.nightly = viewer.FromContext(ctx).Key != nil
			// No school holds up with a limit of its own what its district sends every night.
			sh.limits.HoldChangedPercent = max(sh.limits.HoldChangedPercent, limits[job.DistrictID].HoldChangedPercent)
			sh.limits.Inherited.HoldChangedPercent = true
		}
		sh.left = sh.within && !slices.ContainsFunc(losses, func(l hold.Loss) bool {
			return l.OrganizationID == o.ID && len(l.Left) == 0
		}) && z.kinds.BySelection(job.Kind)
		all = append(all, sh)
	}
	notable, err := z.notable(ctx, client, job, all, losses)
	if err != nil {
		return nil, err
	}
	shares := make([]*share, 0, len(all))
	for _, sh := range all {
		if sh.within && !notable[sh.org.ID] {
			continue
		}
		if err := z.fill(ctx, client, sh, job, this, losses); err != nil {
			return nil, err
		}
		if sh.within {
			shares = append(shares, sh)
		} else {
			shares = slices.Insert(shares, 0, sh)
		}
	}
	i := slices.IndexFunc(losses, func(l hold.Loss) bool { return l.Thing != z.kinds.About(job.Kind).Thing })
	if i < 0 {
		return shares, nil
	}
	also := &share{org: shares[0].org, limits: shares[0].limits, thing: losses[i].Thing}
	return append(shares, also), z.fill(ctx, client, also, job, this, losses)
}

// ofDistrict reports whether a job is one of the district's own, and not what somebody has
// selected who administers, or teaches at, several of its schools.
func (z *Scale) ofDistrict(ctx context.Context, job *db.BulkJob) bool {
	return job.OrganizationID == job.DistrictID &&
		(!z.kinds.BySelection(job.Kind) || viewer.FromContext(ctx).Administers(job.DistrictID, job.DistrictID))
}

// notable finds, with a few statements however many schools there are, the schools
// that may lose too much: those whose students are deleted, and those of which too
// many students are changed.
func (z *Scale) notable(ctx context.Context, client *db.Client, job *db.BulkJob, shares []*share,
	losses []hold.Loss) (map[int]bool, error) {
	if len(shares) == 1 {
		return nil, nil
	}
	district, err := client.Organization.Get(viewer.AsSystem(ctx, "district of a job"), job.DistrictID)
	if err != nil {
		return nil, err
	}
	own, err := hold.OwnOf(ctx, client, z.Now(), district, viewer.FromContext(ctx).SubmitterID())
	if err != nil {
		return nil, err
	}
	sums, err := hold.SumBySchool(ctx, client, z.Now(), job.DistrictID, own)
	if err != nil {
		return nil, err
	}
	notable := map[int]bool{}
	var changing []hold.Losing
	for _, sh := range shares {
		n, deletes, changes := sums[sh.org.ID].Of(sh.thing, loss.VerbCHANGED), false, false
		for _, l := range losses {
			switch {
			case l.OrganizationID != sh.org.ID, l.Thing != sh.thing:
			case l.Verb == loss.VerbDELETED:
				deletes = true
			default:
				changes = true
				n = hold.Number{All: n.All + l.Number, Mine: n.Mine + l.Number}
			}
		}
		_, few := sh.few()
		limit := sh.limits.HoldChangedPercent
		switch {
		case deletes:
			notable[sh.org.ID] = true
		case changes && hold.Over(n, 1, limit, few): // Of one student it would be too much.
			changing = append(changing, hold.Losing{Organization: sh.org, Number: n.All, Percent: limit})
		}
	}
	enough, err := hold.EnoughOlder(ctx, client, z.Now(), changing)
	for _, l := range changing {
		notable[l.Organization.ID] = !enough[l.Organization.ID]
	}
	return notable, err
}

// fill counts a share.
func (z *Scale) fill(ctx context.Context, client *db.Client, sh *share, job *db.BulkJob, this hold.Job,
	losses []hold.Loss) error {
	own, err := hold.OwnOf(ctx, client, z.Now(), sh.org, viewer.FromContext(ctx).SubmitterID())
	if err != nil {
		return err
	}
	if sh.nightly {
		if own, err = own.OfDistrict(ctx, client, job.DistrictID, viewer.FromContext(ctx).SubmitterID()); err != nil {
			return err
		}
	}
	sums, err := hold.Sum(ctx, client, z.Now(), sh.org, own)
	if err != nil {
		return err
	}
	// The numbers of other things include those that are gone, and these are not gone yet.
	were, are := 0, 0
	if sh.thing != loss.ThingSTUDENT {
		if were, err = hold.Base(ctx, client, z.Now(), sh.org, sh.thing, loss.VerbDELETED, sums); err != nil {
			return err
		}
		if are, err = hold.Base(ctx, client, z.Now(), sh.org, sh.thing, loss.VerbCHANGED, sums); err != nil {
			return err
		}
	}
	for _, l := range losses {
		if l.Thing != sh.thing || !l.In(sh.org.ID) {
			continue
		}
		sums.Add(l.Thing, l.Verb, l.Number)
		if l.Verb == loss.VerbDELETED {
			sh.ownDeleted += l.Number
		} else {
			sh.ownChanged += l.Number
		}
	}
	if sh.thing != loss.ThingSTUDENT {
		sh.deleted[0] = hold.Share{Lost: sums.Of(sh.thing, loss.VerbDELETED), Of: were}
		sh.changed[0] = hold.Share{Lost: sums.Of(sh.thing, loss.VerbCHANGED), Of: are}
		return nil
	}
	limit := sh.limits.HoldDeletedPercent
	deleted, changed := sh.few()
	if sh.ownDeleted > 0 {
		sh.deleted, err = hold.Students(ctx, client, z.Now(), sh.org, own, loss.VerbDELETED, this, sums,
			hold.Limit{Percent: limit, Few: deleted})
		if err != nil {
			return err
		}
		sh.month, err = hold.Monthly(ctx, client, z.Now(), sh.org, own, this, sh.ownDeleted, hold.OfMonth(limit))
		if err != nil {
			return err
		}
	}
	if sh.ownChanged > 0 {
		sh.changed, err = hold.Students(ctx, client, z.Now(), sh.org, own, loss.VerbCHANGED, this, sums,
			hold.Limit{Percent: sh.limits.HoldChangedPercent, Few: changed})
	}
	return err
}

// ExcessWith is what a held job does, including a corrected row. The job stays on hold
// even if that is no longer too much: a second administrator was asked, and must not
// be bypassed.
func (z *Scale) ExcessWith(ctx context.Context, job *db.BulkJob, r *sheet.Row) (*Excess, error) {
	losses, err := z.Losses(ctx, job, false, row.StatePlanned, r)
	if err != nil {
		return nil, err
	}
	shares, err := z.measure(ctx, job, hold.Job{ID: job.ID, Corrected: 1}, losses)
	if err != nil {
		return nil, err
	}
	if e := Worst(shares); e != nil {
		return e, nil
	}
	whole := shares[0]
	verb, limit := loss.VerbCHANGED, whole.limits.HoldChangedPercent
	e := &Excess{"change", whole.thing, whole.changed[0], limit, whole.org, false, false, false}
	if z.kinds.About(job.Kind).Deletes {
		verb, e.verb, e.share, e.limit = loss.VerbDELETED, "delete", whole.deleted[0], whole.limits.HoldDeletedPercent
	}
	if e.share.Of == 0 && e.thing == loss.ThingSTUDENT { // It was not counted.
		e.share.Of, err = hold.StudentsThere(ctx, z.DB.Client(ctx), z.Now(), whole.org, verb)
	}
	return e, err
}

// Problem says why a job is on hold. what is the job or its undo, in words.
func (e *Excess) Problem(job *db.BulkJob, what string) *row.Problem {
	switch {
	case e.month:
		what = "Counting what was deleted in the last 30 days, " + lowerFirst(what)
	case e.before:
		what = "Counting what was done in the last 24 hours, " + lowerFirst(what)
	}
	why := row.Problemf(row.Held, "Another administrator of the organization has to approve it. You can also cancel it.",
		"%s would %s. A change of more than %d %% needs the approval of a second administrator.", what, e.Does(job), e.limit)
	why.Warning = true
	return why
}

// lowerFirst begins a text that stood at the beginning of a sentence.
func lowerFirst(text string) string { return strings.ToLower(text[:1]) + text[1:] }
