package identity

import (
	"context"
	"slices"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/externalidentity"
	"github.com/openhomeroom/homeroom/ent/db/factorchallenge"
	"github.com/openhomeroom/homeroom/ent/db/onetimelink"
	"github.com/openhomeroom/homeroom/ent/db/passkey"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/ent/db/session"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// The address and the password of an account are its credentials: whoever sets them
// can be that person. There are several ways to change them, which are a file, its
// correction and its undo, an invitation, a link, and the command line. Guard says who
// may, and CredentialsChanged ends what was opened with the old ones; no way goes
// around either.

// The codes of what Guard refuses.
const (
	// OwnAccount is for a file that changes the account, or the role, of one who has a
	// hand in it.
	OwnAccount = "OWN_ACCOUNT"
	// WiderRole is for an account that holds a role outside of the purview.
	WiderRole = "FORBIDDEN"
	// ByProvider is for an address whose accounts sign in at a provider, and nowhere else.
	ByProvider = "SIGN_IN_WITH_PROVIDER"
)

// Change is what somebody wants to do to the credentials of an account.
type Change struct {
	// EducatorID is 0 for an account that is to be made.
	EducatorID int
	// Behind are the accounts of those who stand behind a program that has a hand in it,
	// because they have made its key.
	Behind []int
	// Roles are all roles that the account holds, in the purview or not.
	Roles []viewer.Assignment
	// Old and New are the folded addresses before and after; both are the same where the
	// address stays, and empty where there is none.
	Old, New string
	// Password is set where a password is set, and not where one is taken away.
	Password bool
}

// Guard decides who may change the credentials of which account. Its zero value knows
// no provider.
type Guard struct{ providerOf map[string]string }

// NewGuard returns a Guard that knows the providers at which people with some domains
// in their addresses have to sign in, by domain.
func NewGuard(providerOf map[string]string) Guard { return Guard{providerOf} }

// Guard is that of the service.
func (s *Service) Guard() Guard { return s.guard }

// Refuse returns why somebody may not make a change, or nil. Of several who have a
// hand in it each has to be allowed to. It does not say whether they see the account.
func (g Guard) Refuse(by *viewer.Viewer, c Change) *fault.Error {
	if by.IsAmong(c.EducatorID) || slices.Contains(c.Behind, c.EducatorID) {
		return fault.Forbiddenf(
			"nobody changes the own account by a file; the password is changed with a link that the sign-in page sends, " +
				"and everything else by another administrator").WithCode(OwnAccount)
	}
	if c.EducatorID != 0 && !by.IsSystem() && !Covers(by, c.Roles) {
		return fault.Forbiddenf("the account has a role elsewhere, so only an administrator of the district changes it").
			WithCode(WiderRole)
	}
	return g.refuseDomain(c)
}

// refuseDomain is the part of Refuse that holds for everybody, the operator too.
func (g Guard) refuseDomain(c Change) *fault.Error {
	for _, key := range []string{c.Old, c.New} {
		label := g.providerOf[domainOf(key)]
		switch {
		case key == "" || label == "":
		case c.Password:
			return fault.Invalidf("people with this address sign in with %s, and not with a password here", label).
				WithCode(ByProvider).At("email")
		case key == c.Old && domainOf(c.New) != domainOf(c.Old):
			return fault.Invalidf("people with this address sign in with %s, so the account keeps an address there; "+
				"whoever runs the server can change that", label).WithCode(ByProvider).At("email")
		}
	}
	return nil
}

// Covers reports whether somebody administers every organization at which an account
// holds a role, so that nobody sets the credentials of an account that may do more. An
// equal one is covered. An account without any role is one of the district.
func Covers(by *viewer.Viewer, roles []viewer.Assignment) bool {
	return !slices.ContainsFunc(roles, func(r viewer.Assignment) bool {
		return !by.Administers(r.OrganizationID, r.DistrictID)
	})
}

// RolesOf returns all roles of some accounts, in the purview of whoever asks or not.
func RolesOf(ctx context.Context, client *db.Client, educatorIDs []int) (map[int][]viewer.Assignment, error) {
	all := map[int][]viewer.Assignment{}
	system := viewer.AsSystem(ctx, "whether an account holds a role outside of the purview; nobody is shown it")
	for chunk := range slices.Chunk(educatorIDs, 500) {
		roles, err := client.RoleAssignment.Query().Where(roleassignment.EducatorIDIn(chunk...)).
			Order(roleassignment.ByID()).All(system)
		if err != nil {
			return nil, err
		}
		for _, r := range roles {
			all[r.EducatorID] = append(all[r.EducatorID],
				viewer.Assignment{Role: viewer.Role(r.Role), OrganizationID: r.OrganizationID, DistrictID: r.DistrictID})
		}
	}
	return all, nil
}

// CredentialsChanged is called for every account whose address or password has
// changed, whoever did it and in whatever way, in the transaction of the change. It
// ends all sessions, links and steps of a sign-in of the accounts: they were opened with what is no longer
// right, and a link would set a password for whoever has the old address. Passkeys stay,
// because a file that took them away would be a way around the second factor, but open
// the account no more without what has changed: whoever had it before may still have one.
func CredentialsChanged(ctx context.Context, client *db.Client, now time.Time, educatorIDs ...int) error {
	system := viewer.AsSystem(ctx, "end what was opened with other credentials")
	for chunk := range slices.Chunk(educatorIDs, 500) {
		if _, err := client.Session.Delete().Where(session.EducatorIDIn(chunk...)).Exec(system); err != nil {
			return err
		}
		if _, err := client.FactorChallenge.Delete().Where(factorchallenge.EducatorIDIn(chunk...)).Exec(system); err != nil {
			return err
		}
		if _, err := client.Passkey.Update().Where(passkey.EducatorIDIn(chunk...)).SetSecondOnly(1).Save(system); err != nil {
			return err
		}
		err := client.OneTimeLink.Update().Where(onetimelink.EducatorIDIn(chunk...), onetimelink.UsedAtIsNil()).
			SetUsedAt(now).Exec(system)
		if err != nil {
			return err
		}
	}
	return nil
}

// AddressChanged is called beside CredentialsChanged for every account whose address
// has changed. It takes away the persons at providers who were linked by the old
// address: whoever has the new one is linked at the next sign-in, by a verified address
// as at the first time.
func AddressChanged(ctx context.Context, client *db.Client, educatorIDs ...int) error {
	system := viewer.AsSystem(ctx, "unlink who signed in at a provider with another address")
	for chunk := range slices.Chunk(educatorIDs, 500) {
		if _, err := client.ExternalIdentity.Delete().Where(externalidentity.EducatorIDIn(chunk...)).
			Exec(system); err != nil {
			return err
		}
	}
	return nil
}

// CredentialColumns are the columns of an educator that hold credentials.
func CredentialColumns() []string {
	return []string{educator.FieldEmail, educator.FieldEmailKey, educator.FieldPasswordHash}
}
