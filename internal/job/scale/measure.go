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
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/quote"
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
	// part of the job.
	deleted, changed       hold.Number
	ownDeleted, ownChanged int
	// were and are count the things against which these are measured.
	were, are int
	// month is the number of students deleted in the 30 days before, including those of
	// the job, and had is how many students there were; see hold.Monthly.
	month hold.Number
	had   int
	// within is a school in a job for its district, or for another school.
	within bool
	// nightly is true for a school in a job that a program starts for the district:
	// changes by the school's people do not count there, so that they cannot put such a
	// job on hold.
	nightly bool
}

// manyChanged is how many students of a school a job for the district changes at
// least to be put on hold because of that school. A new grade for the only student of
// a branch does not hold up what a whole district sends every night. For another
// school's job that is so unless the school has set a limit of its own.
const manyChanged = 10

// Excess says what a job would do too much of, and where.
type Excess struct {
	verb               string
	thing              hold.Thing
	affected, students int
	limit              int // In percent.
	at                 *db.Organization
	// before is true if a part of it was done before the job; month if that was within the
	// 30 days before.
	before, month bool
}

// Percent is the part of the students that is affected, from 1 to 100.
func (e *Excess) Percent() int { return min(100, max(1, e.affected*100/max(1, e.students))) }

// Does says what the job would do. People who read about a job of one school do not
// learn how many students another school has.
func (e *Excess) Does(job *db.BulkJob) string {
	number := fmt.Sprintf("%s %d of %s", e.verb, e.affected, quote.Count(e.students, "student"))
	if e.thing != loss.ThingSTUDENT {
		number = fmt.Sprintf("%s %d of %d %s", e.verb, e.affected, e.students, hold.InWords(e.thing, e.students))
	}
	switch {
	case e.at.ID == job.OrganizationID:
		return number
	case job.OrganizationID == job.DistrictID:
		return fmt.Sprintf("%s of %s", number, e.at.Name)
	default:
		return fmt.Sprintf("%s more than %d %% of the %s of %s", e.verb, e.limit, hold.InWords(e.thing, 2), e.at.Name)
	}
}

// Facts are what the audit trail of the job's organization says of it.
func (e *Excess) Facts(job *db.BulkJob) audit.Facts {
	if e.at.ID != job.OrganizationID && job.OrganizationID != job.DistrictID {
		return audit.Facts{"verb": e.verb, "limit": e.limit}
	}
	return audit.Facts{"verb": e.verb, "affected": e.affected, "students": e.students, "percent": e.Percent()}
}

// excess returns what is too much in a share, or nil. There are few groups, accounts and
// schools, so a person may always change some of them.
func (sh *share) excess() *Excess {
	few := 0
	if sh.thing != loss.ThingSTUDENT {
		few = hold.Few
	}
	if limit := sh.limits.HoldDeletedPercent; sh.ownDeleted > 0 && hold.Over(sh.deleted, sh.were, limit, few) {
		return &Excess{"delete", sh.thing, sh.deleted.All, sh.were, limit, sh.org, sh.deleted.All > sh.ownDeleted, false}
	}
	if limit := hold.OfMonth(sh.limits.HoldDeletedPercent); sh.ownDeleted > 0 &&
		hold.Over(sh.month, sh.had, limit, hold.Few) {
		return &Excess{"delete", sh.thing, sh.month.All, sh.had, limit, sh.org, true, true}
	}
	if sh.within && sh.limits.Inherited.HoldChangedPercent {
		few = max(few, manyChanged-1)
	}
	if limit := sh.limits.HoldChangedPercent; sh.ownChanged > 0 && hold.Over(sh.changed, sh.are, limit, few) {
		return &Excess{"change", sh.thing, sh.changed.All, sh.are, limit, sh.org, sh.changed.All > sh.ownChanged, false}
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
	lookCloser, err := z.notable(ctx, client, job, orgs, losses)
	if err != nil {
		return nil, err
	}
	shares := make([]*share, 0, len(orgs))
	for _, o := range orgs {
		sh := &share{org: o, limits: limits[o.ID], thing: z.kinds.About(job.Kind).Thing, within: o.ID != job.OrganizationID}
		if sh.within && z.ofDistrict(ctx, job) {
			sh.nightly = viewer.FromContext(ctx).Key != nil
			// No school holds up with a limit of its own what its district sends every night.
			sh.limits.HoldChangedPercent = max(sh.limits.HoldChangedPercent, limits[job.DistrictID].HoldChangedPercent)
			sh.limits.Inherited.HoldChangedPercent = true
		}
		if sh.within && !lookCloser(sh) {
			continue
		}
		if err := z.fill(ctx, client, sh, job, undo, losses); err != nil {
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
	return append(shares, also), z.fill(ctx, client, also, job, undo, losses)
}

// ofDistrict reports whether a job is one of the district's own, and not what somebody has
// selected who administers, or teaches at, several of its schools.
func (z *Scale) ofDistrict(ctx context.Context, job *db.BulkJob) bool {
	return job.OrganizationID == job.DistrictID &&
		(!z.kinds.BySelection(job.Kind) || viewer.FromContext(ctx).Administers(job.DistrictID, job.DistrictID))
}

// notable finds, with a few statements however many schools there are, the schools that
// may lose too much: those whose students are deleted, and those in which too many
// students are changed.
func (z *Scale) notable(ctx context.Context, client *db.Client, job *db.BulkJob, orgs []*db.Organization,
	losses []hold.Loss) (func(*share) bool, error) {
	if len(orgs) == 1 {
		return func(*share) bool { return true }, nil
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
	ids := make([]int, len(orgs))
	for i, o := range orgs {
		ids[i] = o.ID
	}
	var counts []struct {
		OrganizationID int `json:"organization_id"`
		Count          int `json:"count"`
	}
	err = client.Student.Query().Where(student.OrganizationIDIn(ids...), student.DeletedAtIsNil()).
		GroupBy(student.FieldOrganizationID).Aggregate(db.Count()).
		Scan(viewer.AsSystem(ctx, "how many students schools have"), &counts)
	students := make(map[int]int, len(counts))
	for _, c := range counts {
		students[c.OrganizationID] = c.Count
	}
	return func(sh *share) bool {
		quick := *sh
		quick.are, quick.changed = students[sh.org.ID], sums[sh.org.ID].Of(sh.thing, loss.VerbCHANGED)
		for _, l := range losses {
			switch {
			case l.OrganizationID != sh.org.ID, l.Thing != sh.thing:
			case l.Verb == loss.VerbDELETED:
				return true
			default:
				quick.ownChanged += l.Number
				quick.changed.All += l.Number
				quick.changed.Mine += l.Number
			}
		}
		return quick.excess() != nil
	}, err
}

// fill counts a share.
func (z *Scale) fill(ctx context.Context, client *db.Client, sh *share, job *db.BulkJob, undo bool,
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
	if sh.were, err = hold.Base(ctx, client, z.Now(), sh.org, sh.thing, loss.VerbDELETED, sums); err != nil {
		return err
	}
	if sh.are, err = hold.Base(ctx, client, z.Now(), sh.org, sh.thing, loss.VerbCHANGED, sums); err != nil {
		return err
	}
	for _, l := range losses {
		if l.Thing != sh.thing || sh.org.ID != l.OrganizationID && sh.org.ID != l.DistrictID {
			continue
		}
		sums.Add(l.Thing, l.Verb, l.Number)
		if l.Verb == loss.VerbDELETED {
			sh.ownDeleted += l.Number
		} else {
			sh.ownChanged += l.Number
		}
	}
	take := func() {
		sh.deleted, sh.changed = sums.Of(sh.thing, loss.VerbDELETED), sums.Of(sh.thing, loss.VerbCHANGED)
		if sh.nightly {
			sh.changed.All = sh.changed.Mine
		}
	}
	take()
	if sh.thing == loss.ThingSTUDENT && sh.ownDeleted > 0 {
		sh.month, sh.had, err = hold.Monthly(ctx, client, z.Now(), sh.org, own, sh.ownDeleted,
			hold.OfMonth(sh.limits.HoldDeletedPercent))
		if err != nil {
			return err
		}
	}
	// Whether several jobs are about the same students is checked only if it matters.
	if e := sh.excess(); e == nil || !e.before || sh.thing != loss.ThingSTUDENT {
		return nil
	}
	for _, verb := range []hold.Verb{loss.VerbDELETED, loss.VerbCHANGED, loss.VerbLEFT} {
		if err := hold.Distinct(ctx, client, z.Now(), sh.org, own, verb, hold.Job{ID: job.ID, Undo: undo}, sums); err != nil {
			return err
		}
	}
	take()
	return nil
}

// ExcessWith is what a held job does, including a corrected row. The job stays on hold
// even if that is no longer too much: a second administrator was asked, and must not
// be bypassed.
func (z *Scale) ExcessWith(ctx context.Context, job *db.BulkJob, r *sheet.Row) (*Excess, error) {
	losses, err := z.Losses(ctx, job, false, row.StatePlanned, r)
	if err != nil {
		return nil, err
	}
	shares, err := z.Measure(ctx, job, false, losses)
	if err != nil {
		return nil, err
	}
	if e := Worst(shares); e != nil {
		return e, nil
	}
	whole := shares[0]
	if z.kinds.About(job.Kind).Deletes {
		return &Excess{"delete", whole.thing, whole.deleted.All, whole.were, whole.limits.HoldDeletedPercent, whole.org,
			false, false}, nil
	}
	return &Excess{"change", whole.thing, whole.changed.All, whole.are, whole.limits.HoldChangedPercent, whole.org,
		false, false}, nil
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
