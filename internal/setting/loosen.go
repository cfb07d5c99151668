package setting

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// district returns the district of an organization. It is locked, because what it allows
// and passes on must not change meanwhile.
func (s *Service) district(ctx context.Context, client *db.Client, o *db.Organization) (*db.Organization, error) {
	if o.DistrictID == o.ID {
		return o, nil
	}
	q := client.Organization.Query().Where(organization.ID(o.DistrictID))
	if s.db.RowLocks() {
		q.ForUpdate()
	}
	return q.Only(viewer.AsSystem(ctx, "what a district sets for its schools"))
}

// fold writes down the changes of an organization that are due. They were recorded in the
// audit trail when they were requested.
func (s *Service) fold(ctx context.Context, client *db.Client, o *db.Organization) (*db.Organization, error) {
	changed, err := settled(o, s.now())
	if err != nil || changed == o {
		return o, err
	}
	rest, err := PendingOf(o, s.now())
	if err != nil {
		return nil, err
	}
	u := client.Organization.UpdateOneID(o.ID)
	write(Field[int]{true, changed.HoldDeletedPercent}, u.SetHoldDeletedPercent, u.ClearHoldDeletedPercent)
	write(Field[int]{true, changed.HoldChangedPercent}, u.SetHoldChangedPercent, u.ClearHoldChangedPercent)
	write(Field[int]{true, changed.RetentionDays}, u.SetRetentionDays, u.ClearRetentionDays)
	write(Field[int]{true, changed.JobDays}, u.SetJobDays, u.ClearJobDays)
	write(Field[SecondFactor]{true, changed.SecondFactorRequired}, u.SetSecondFactorRequired, u.ClearSecondFactorRequired)
	u.SetNillableRetentionChangedAt(changed.RetentionChangedAt)
	if err := storePending(u, rest); err != nil {
		return nil, err
	}
	return u.Save(viewer.AsSystem(ctx, "settings whose time has come"))
}

func storePending(u *db.OrganizationUpdateOne, all []Pending) error {
	if len(all) == 0 {
		u.ClearPendingSettings()
		return nil
	}
	text, err := json.Marshal(all)
	u.SetPendingSettings(text)
	return err
}

// postpone removes from a change everything that would make an organization less strict,
// and lets it wait. Any other change of a setting ends the wait of an earlier one. The
// operator's changes never wait.
func (s *Service) postpone(ctx context.Context, client *db.Client, u *db.OrganizationUpdateOne, o *db.Organization,
	ch *Change) (postponed []Pending, err error) {
	district, err := s.district(ctx, client, o)
	if err != nil {
		return nil, err
	}
	was, err := Of(o, district, s.now())
	if err != nil {
		return nil, err
	}
	before, err := PendingOf(o, s.now())
	if err != nil {
		return nil, err
	}
	v, now := viewer.FromContext(ctx), database.Instant(s.now())
	rest := slices.DeleteFunc(slices.Clone(before), func(p Pending) bool { _, set := ch.wants(p.Name); return set })
	for _, name := range names {
		value, set := ch.wants(name)
		if !set || v.IsSystem() {
			continue
		}
		wanted := *o
		p := Pending{Name: name, Value: value, By: v.EducatorID, AskedAt: now, EffectiveAt: now.Add(Patience)}
		p.setIn(&wanted)
		in := district
		if o.DistrictID == o.ID {
			in = &wanted
		}
		is, err := Of(&wanted, in, s.now())
		if err != nil {
			return nil, err
		}
		if looser(name, was, is) {
			postponed = append(postponed, p)
			ch.leave(name)
		}
	}
	if len(before) > 0 || len(postponed) > 0 {
		err = storePending(u, append(rest, postponed...))
	}
	return postponed, err
}

var (
	errNotPending = fault.Conflictf("no such change is waiting; check the current settings").
			WithCode("NOT_PENDING").At("setting")
	errPendingChanged = fault.Conflictf("another value is waiting now; check it first").
				WithCode("PENDING_CHANGED").At("value")
)

// ApprovePending puts a change into effect that somebody else has requested. The viewer
// passes the value that was on the screen. An approval needs a second administrator of the
// organization, as for a bulk job; see hold.Approval.
func (s *Service) ApprovePending(ctx context.Context, organizationID int, name Name,
	value Value) (*db.Organization, error) {
	return s.decide(ctx, organizationID, name,
		func(ctx context.Context, client *db.Client, o *db.Organization, p Pending, u *db.OrganizationUpdateOne) error {
			if p.By == viewer.FromContext(ctx).EducatorID {
				return fault.Forbiddenf("another administrator has to approve it, because you asked for it").At("setting")
			}
			if !p.equal(value) {
				return errPendingChanged
			}
			a := hold.Approval{OrganizationID: o.ID, DistrictID: o.DistrictID, By: []int{p.By}, AskedAt: p.AskedAt}
			if err := a.Refuse(ctx, client, s.now()); err != nil {
				return err
			}
			recordPending(ctx, audit.SettingApproved, o, p)
			only(o.ID, name, p.Value).apply(u, o, database.Instant(s.now()))
			return nil
		})
}

// WithdrawPending takes back a change that waits. Everybody who may request such a change
// may do so.
func (s *Service) WithdrawPending(ctx context.Context, organizationID int, name Name) (*db.Organization, error) {
	return s.decide(ctx, organizationID, name,
		func(ctx context.Context, _ *db.Client, o *db.Organization, p Pending, _ *db.OrganizationUpdateOne) error {
			recordPending(ctx, audit.SettingWithdrawn, o, p)
			return nil
		})
}

// decide ends the wait of a change that the viewer could have requested.
func (s *Service) decide(ctx context.Context, organizationID int, name Name,
	how func(context.Context, *db.Client, *db.Organization, Pending, *db.OrganizationUpdateOne) error) (
	updated *db.Organization, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		o, err := s.administered(ctx, client, organizationID)
		if err != nil {
			return err
		}
		all, err := PendingOf(o, s.now())
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(p Pending) bool { return p.Name == name })
		if i < 0 {
			return errNotPending
		}
		if !viewer.FromContext(ctx).Administers(o.DistrictID, o.DistrictID) {
			refusals, err := s.withinDistrict(ctx, client, o, only(o.ID, name, all[i].Value))
			if err != nil {
				return err
			}
			if len(refusals) > 0 {
				return refusals[0].At("setting")
			}
		}
		u := client.Organization.UpdateOne(o)
		if err := how(ctx, client, o, all[i], u); err != nil {
			return err
		}
		if err := storePending(u, slices.Delete(all, i, i+1)); err != nil {
			return err
		}
		before := *o
		if updated, err = u.Save(ctx); err != nil {
			return err
		}
		return s.bringAlong(ctx, client, &before, updated)
	})
	if err != nil {
		return nil, err
	}
	s.log.InfoContext(ctx, "a pending setting of an organization was decided", "organization", organizationID, "setting",
		name, "by", viewer.FromContext(ctx).EducatorID)
	if s.changed != nil {
		s.changed()
	}
	return updated, nil
}

// administered locks an organization that the viewer administers. Changes that are due are
// included.
func (s *Service) administered(ctx context.Context, client *db.Client, id int) (*db.Organization, error) {
	q := client.Organization.Query().Where(organization.ID(id))
	if s.db.RowLocks() {
		q.ForUpdate()
	}
	o, err := q.Only(ctx)
	switch {
	case db.IsNotFound(err):
		return nil, errNoOrganization
	case err != nil:
		return nil, err
	case !viewer.FromContext(ctx).Administers(o.ID, o.DistrictID):
		return nil, fault.Forbiddenf("only administrators of the organization can change its settings").At("organizationId")
	}
	return s.fold(ctx, client, o)
}

// recordPending records what happens to a waiting change.
func recordPending(ctx context.Context, action audit.Action, o *db.Organization, p Pending) {
	e := audit.Event{
		Action:         action,
		DistrictID:     o.DistrictID,
		OrganizationID: o.ID,
		Target:         audit.On(globalid.Organization, o.ID),
		Facts:          audit.Facts{"effectiveAt": p.EffectiveAt.Format(time.RFC3339)},
	}
	e.Changes.New(inTrail[p.Name], p.Text())
	audit.Record(ctx, e)
}

// inTrail maps a setting to its name in the audit trail.
var inTrail = map[Name]string{
	HoldDeletedPercent:   "holdDeletedPercent",
	HoldChangedPercent:   "holdChangedPercent",
	RetentionDays:        "retentionDays",
	JobDays:              "jobDays",
	SecondFactorRequired: "secondFactorRequired",
}
