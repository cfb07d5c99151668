package privacy

import (
	"context"

	"homeroom/ent/db"
	"homeroom/ent/db/educator"
	"homeroom/ent/db/externalidentity"
	"homeroom/ent/db/factorchallenge"
	"homeroom/ent/db/groupeducator"
	"homeroom/ent/db/onetimelink"
	"homeroom/ent/db/passkey"
	"homeroom/ent/db/recoverycode"
	"homeroom/ent/db/roleassignment"
	"homeroom/ent/db/session"
	"homeroom/ent/db/totpsecret"
	"homeroom/internal/audit"
	"homeroom/internal/fault"
	"homeroom/internal/fold"
	"homeroom/internal/globalid"
	"homeroom/internal/viewer"
)

// What an erased account is called from then on.
const (
	erasedFirst = "Erased"
	erasedLast  = "educator"
)

// EraseEducator erases the personal data of an educator, by the address to sign in
// with: names, address, ids, password, second factors, sessions, links, accounts elsewhere, roles
// and groups taught. The row stays without them, so that jobs, keys and the audit
// trail still name one actor, and nobody can sign in with it. It is for the
// operator.
func (s *Service) EraseEducator(ctx context.Context, email string) error {
	if !viewer.FromContext(ctx).IsSystem() {
		return fault.Forbiddenf("only the operator erases accounts")
	}
	err := s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		q := client.Educator.Query().Where(educator.EmailKey(fold.Key(email)), educator.Service(0))
		if s.locks() {
			q.ForUpdate()
		}
		e, err := q.Only(ctx)
		if db.IsNotFound(err) {
			return fault.NotFoundf("nobody has an account with this address")
		}
		if err != nil {
			return err
		}
		for _, remove := range []func() (int, error){
			func() (int, error) { return client.Session.Delete().Where(session.EducatorID(e.ID)).Exec(ctx) },
			func() (int, error) { return client.OneTimeLink.Delete().Where(onetimelink.EducatorID(e.ID)).Exec(ctx) },
			func() (int, error) { return client.TotpSecret.Delete().Where(totpsecret.EducatorID(e.ID)).Exec(ctx) },
			func() (int, error) { return client.Passkey.Delete().Where(passkey.EducatorID(e.ID)).Exec(ctx) },
			func() (int, error) {
				return client.RecoveryCode.Delete().Where(recoverycode.EducatorID(e.ID)).Exec(ctx)
			},
			func() (int, error) {
				return client.FactorChallenge.Delete().Where(factorchallenge.EducatorID(e.ID)).Exec(ctx)
			},
			func() (int, error) {
				return client.ExternalIdentity.Delete().Where(externalidentity.EducatorID(e.ID)).Exec(ctx)
			},
			func() (int, error) {
				return client.RoleAssignment.Delete().Where(roleassignment.EducatorID(e.ID)).Exec(ctx)
			},
			func() (int, error) {
				return client.GroupEducator.Delete().Where(groupeducator.EducatorID(e.ID)).Exec(ctx)
			},
			func() (int, error) { return s.importer.EraseEducatorRows(ctx, client, e.DistrictID, e.ID) },
			func() (int, error) {
				return audit.Erase(ctx, client, e.DistrictID, e.DistrictID, globalid.Educator, []int{e.ID})
			},
		} {
			if _, err := remove(); err != nil {
				return err
			}
		}
		return client.Educator.UpdateOne(e).SetFirstName(erasedFirst).SetLastName(erasedLast).
			SetSortName(fold.SortName(erasedLast, erasedFirst)).
			SetEmail("").ClearEmailKey().ClearExternalID().SetUsername("").ClearPasswordHash().SetDisabled(1).Exec(ctx)
	})
	if err != nil {
		return err
	}
	if err := s.db.Scrub(ctx); err != nil {
		s.log.WarnContext(ctx, "what was erased is still in the log of the database", "error", err)
	}
	return nil
}
