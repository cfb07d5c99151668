package setting

import (
	"context"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/database"
)

// bringAlong is called when a district becomes stricter. If a school has set such a
// setting less strictly, the school inherits it from now on. Otherwise a school that has
// once written down the old value would be an exception from every later change. An
// administrator of the district can grant an exception afterwards.
func (s *Service) bringAlong(ctx context.Context, client *db.Client, before, after *db.Organization) error {
	if after.ID != after.DistrictID {
		return nil
	}
	was, err := Of(before, before, s.now())
	if err != nil {
		return err
	}
	is, err := Of(after, after, s.now())
	if err != nil {
		return err
	}
	longer, required := is.PasswordMinLength > was.PasswordMinLength, is.PasswordRequired && !was.PasswordRequired
	deleted, changed := is.HoldDeletedPercent < was.HoldDeletedPercent, is.HoldChangedPercent < was.HoldChangedPercent
	factor := laxer(was.SecondFactorRequired, is.SecondFactorRequired)
	if !longer && !required && !deleted && !changed && !factor {
		return nil
	}
	q := client.Organization.Query().Where(organization.DistrictID(after.ID), organization.IDNEQ(after.ID)).
		Order(organization.ByID())
	if s.db.Kind() == database.MySQL {
		q.ForUpdate()
	}
	schools, err := q.All(ctx)
	if err != nil {
		return err
	}
	for _, o := range schools {
		if o, err = s.fold(ctx, client, o); err != nil {
			return err
		}
		old, u := *o, client.Organization.UpdateOne(o)
		if longer && o.PasswordMinLength != nil && *o.PasswordMinLength < is.PasswordMinLength {
			u.ClearPasswordMinLength()
		}
		if required && o.PasswordRequired != nil && *o.PasswordRequired == 0 {
			u.ClearPasswordRequired()
		}
		if deleted && o.HoldDeletedPercent != nil && *o.HoldDeletedPercent > is.HoldDeletedPercent {
			u.ClearHoldDeletedPercent()
		}
		if changed && o.HoldChangedPercent != nil && *o.HoldChangedPercent > is.HoldChangedPercent {
			u.ClearHoldChangedPercent()
		}
		if factor && o.SecondFactorRequired != nil && laxer(*o.SecondFactorRequired, is.SecondFactorRequired) {
			u.ClearSecondFactorRequired()
		}
		if err := dropPending(u, o, is, deleted, changed, factor); err != nil {
			return err
		}
		if len(u.Mutation().ClearedFields())+len(u.Mutation().Fields()) == 0 {
			continue
		}
		updated, err := u.Save(ctx)
		if err != nil {
			return err
		}
		record(ctx, &old, updated)
	}
	return nil
}

// dropPending drops a school's waiting changes that are now less strict than its district.
func dropPending(u *db.OrganizationUpdateOne, o *db.Organization, is Settings, deleted, changed, factor bool) error {
	all, err := storedPending(o)
	if err != nil || len(all) == 0 {
		return err
	}
	rest := slices.DeleteFunc(slices.Clone(all), func(p Pending) bool {
		switch {
		case p.Number != nil:
			return deleted && p.Name == HoldDeletedPercent && *p.Number > is.HoldDeletedPercent ||
				changed && p.Name == HoldChangedPercent && *p.Number > is.HoldChangedPercent
		case p.Need != nil:
			return factor && laxer(*p.Need, is.SecondFactorRequired)
		default:
			return false
		}
	})
	if len(rest) == len(all) {
		return nil
	}
	return storePending(u, rest)
}
