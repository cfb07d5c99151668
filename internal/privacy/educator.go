package privacy

import (
	"context"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/externalidentity"
	"github.com/openhomeroom/homeroom/ent/db/factorchallenge"
	"github.com/openhomeroom/homeroom/ent/db/groupeducator"
	"github.com/openhomeroom/homeroom/ent/db/onetimelink"
	"github.com/openhomeroom/homeroom/ent/db/passkey"
	"github.com/openhomeroom/homeroom/ent/db/recoverycode"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/ent/db/session"
	"github.com/openhomeroom/homeroom/ent/db/totpsecret"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// The name of an erased account.
const (
	erasedFirst = "Erased"
	erasedLast  = "educator"
)

// EraseEducator erases the personal data of an educator, found by the sign-in address:
// names, address, IDs, password, second factors, sessions, links, accounts at providers,
// roles and taught groups. The empty row stays, so that jobs, keys and the audit trail
// still name one actor. Nobody can sign in to it. It is for the operator.
func (s *Service) EraseEducator(ctx context.Context, email string) error {
	if !viewer.FromContext(ctx).IsSystem() {
		return fault.Forbiddenf("only the operator can erase accounts")
	}
	err := s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		q := client.Educator.Query().Where(educator.EmailKeyIn(fold.Addresses(email)...), educator.Service(0))
		if s.locks() {
			q.ForUpdate()
		}
		all, err := q.All(ctx)
		if err != nil {
			return err
		}
		// Somebody whose address only has the same key is somebody else.
		all = slices.DeleteFunc(all, func(e *db.Educator) bool { return !fold.SameAddress(e.Email, email) })
		if len(all) == 0 {
			return fault.NotFoundf("no account has this address")
		}
		e := all[max(0, slices.IndexFunc(all, func(e *db.Educator) bool { return *e.EmailKey == fold.Key(email) }))]
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
		s.log.WarnContext(ctx, "erased data is still in the write-ahead log of the database", "error", err)
	}
	return nil
}
