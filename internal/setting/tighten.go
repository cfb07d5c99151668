package setting

import (
	"context"

	"homeroom/ent/db"
	"homeroom/ent/db/organization"
	"homeroom/internal/database"
)

// bringAlong has the schools of a district that has become stricter inherit what
// they have set less strictly: otherwise a school that once wrote down what held
// anyway would be excepted from all that comes. An exception is granted by an
// administrator of the district, afterwards.
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
	factor := looser(was.SecondFactorRequired, is.SecondFactorRequired)
	if !longer && !required && !deleted && !changed && !factor {
		return nil
	}
	q := client.Organization.Query().Where(organization.DistrictID(after.ID), organization.IDNEQ(after.ID)).Order(organization.ByID())
	if s.db.Kind() == database.MySQL {
		q.ForUpdate()
	}
	schools, err := q.All(ctx)
	if err != nil {
		return err
	}
	for _, o := range schools {
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
		if factor && o.SecondFactorRequired != nil && looser(*o.SecondFactorRequired, is.SecondFactorRequired) {
			u.ClearSecondFactorRequired()
		}
		if len(u.Mutation().ClearedFields()) == 0 {
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
