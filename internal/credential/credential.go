// Package credential decides who may set the credentials of an account, and ends what
// was opened with former ones.
//
// The address and the password of an account are its credentials: whoever sets them can
// act as that person. They can be changed by a file, its correction or its undo, an
// invitation, a link, and the command line. Guard decides who may change them, and
// Changed ends what was opened with the old ones; every way of changing them
// calls both.
package credential

import (
	"context"
	"slices"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/externalidentity"
	"github.com/openhomeroom/homeroom/ent/db/factorchallenge"
	"github.com/openhomeroom/homeroom/ent/db/groupeducator"
	"github.com/openhomeroom/homeroom/ent/db/onetimelink"
	"github.com/openhomeroom/homeroom/ent/db/passkey"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/ent/db/session"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// The codes of Guard's refusals.
const (
	// OwnAccount refuses a file that changes the account, or the role, of somebody who has
	// a hand in it.
	OwnAccount = "OWN_ACCOUNT"
	// WiderRole refuses a change of an account that holds a role, or teaches, where the
	// viewer does not administer.
	WiderRole = "FORBIDDEN"
	// ByProvider refuses an address whose accounts must sign in through a provider.
	ByProvider = "SIGN_IN_WITH_PROVIDER"
)

// Change is a change of an account's credentials.
type Change struct {
	// EducatorID is 0 for a new account.
	EducatorID int
	// Behind are the makers of the key of a program that has a hand in the change.
	Behind []int
	// Roles are all roles of the account, and where it teaches, whether or not the viewer
	// sees them; see RolesOf.
	Roles []viewer.Assignment
	// Old and New are the folded addresses before and after the change. Both are the same
	// if the address stays, and empty if there is none.
	Old, New string
	// Password is true if a password is set; removing one does not count.
	Password bool
}

// Guard decides who may change the credentials of an account. Its zero value knows no
// provider.
type Guard struct{ providerOf map[string]string }

// NewGuard returns a Guard that knows the required providers, by the domain of the
// address, in whatever form the domain is written.
func NewGuard(providerOf map[string]string) Guard {
	g := Guard{make(map[string]string, len(providerOf))}
	for domain, label := range providerOf {
		g.providerOf[fold.DomainOfKey(domain)] = label
	}
	return g
}

// Provider is the label of the provider at which people with an address must sign in;
// empty if there is none. The address is given by its key, or by its domain alone.
func (g Guard) Provider(key string) string { return g.providerOf[fold.DomainOfKey(key)] }

// Any reports whether a provider is required of any address.
func (g Guard) Any() bool { return len(g.providerOf) > 0 }

// Refuse returns why a change is not allowed, or nil. Everybody who has a hand in the
// change must be allowed to make it. It does not check whether they see the account.
func (g Guard) Refuse(by *viewer.Viewer, c Change) *fault.Error {
	if by.IsAmong(c.EducatorID) || slices.Contains(c.Behind, c.EducatorID) {
		return fault.Forbiddenf(
			"you cannot change your own account with a file; change the password with a link from the sign-in page, " +
				"and ask another administrator to change everything else").WithCode(OwnAccount)
	}
	if c.EducatorID != 0 && !by.IsSystem() && !Covers(by, c.Roles) {
		return fault.Forbiddenf(
			"the account has a role or a class at another school, so only an administrator of the district can change it").
			WithCode(WiderRole)
	}
	return g.RefuseDomain(c)
}

// RefuseDomain is the part of Refuse that applies to everybody, including the operator.
func (g Guard) RefuseDomain(c Change) *fault.Error {
	for _, key := range []string{c.Old, c.New} {
		label := g.Provider(key)
		switch {
		case key == "" || label == "":
		case c.Password:
			return fault.Invalidf("people with this address sign in with %s, not with a password here", label).
				WithCode(ByProvider).At("email")
		case key == c.Old && fold.DomainOfKey(c.New) != fold.DomainOfKey(c.Old):
			return fault.Invalidf("people with this address sign in with %s, so the account must keep an address there; "+
				"the person who runs the server can change that", label).WithCode(ByProvider).At("email")
		}
	}
	return nil
}

// Covers reports whether somebody administers every organization at which an account holds
// a role or teaches. So nobody sets the credentials of an account that may do more; an
// account that may do the same is covered. An account without any role counts as one of
// the district.
func Covers(by *viewer.Viewer, roles []viewer.Assignment) bool {
	return !slices.ContainsFunc(roles, func(r viewer.Assignment) bool {
		return !by.Administers(r.OrganizationID, r.DistrictID)
	})
}

// RolesOf returns all roles of some accounts, whether or not the caller sees them. Somebody
// who teaches a group sees and changes its students, whatever the role and wherever it is
// held: a teaching counts as a teacher's role at the school of the group.
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
		taught, err := client.GroupEducator.Query().Where(groupeducator.EducatorIDIn(chunk...)).
			Order(groupeducator.ByID()).WithGroup().All(system)
		if err != nil {
			return nil, err
		}
		for _, t := range taught {
			at := viewer.Assignment{Role: viewer.Teacher, OrganizationID: t.Edges.Group.OrganizationID,
				DistrictID: t.Edges.Group.DistrictID}
			if !slices.Contains(all[t.EducatorID], at) {
				all[t.EducatorID] = append(all[t.EducatorID], at)
			}
		}
	}
	return all, nil
}

// Changed must be called for every account whose address or password has
// changed, whoever changed it and how, in the transaction of the change. It ends all
// sessions, links and sign-in steps of the account: they were opened with what is no
// longer right, and a link would let the owner of the old address set a password. Passkeys
// stay, because removing them by a file would be a way around the second factor. But until
// the next sign-in with the new credentials a passkey does not open the account alone,
// since the previous user of the account may still have one.
func Changed(ctx context.Context, client *db.Client, now time.Time, educatorIDs ...int) error {
	return changed(ctx, client, now, 0, educatorIDs)
}

// ChangedByOwner is Changed for somebody who has changed the own password and goes on in the
// session in which that was.
func ChangedByOwner(ctx context.Context, client *db.Client, now time.Time, educatorID, sessionID int) error {
	return changed(ctx, client, now, sessionID, []int{educatorID})
}

func changed(ctx context.Context, client *db.Client, now time.Time, kept int, educatorIDs []int) error {
	system := viewer.AsSystem(ctx, "end what was opened with other credentials")
	for chunk := range slices.Chunk(educatorIDs, 500) {
		if _, err := client.Session.Delete().Where(session.EducatorIDIn(chunk...), session.IDNEQ(kept)).
			Exec(system); err != nil {
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

// AddressChanged must be called together with Changed for every account whose
// address has changed. It unlinks the persons at providers who were linked by the old
// address. The owner of the new address is linked at the next sign-in, by a verified
// address as the first time.
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

// Columns are the columns of an educator that hold credentials.
func Columns() []string {
	return []string{educator.FieldEmail, educator.FieldEmailKey, educator.FieldPasswordHash}
}
