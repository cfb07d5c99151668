package identity

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/externalidentity"
	"github.com/openhomeroom/homeroom/ent/db/onetimelink"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/ent/rule"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

var (
	errInvitationOver = fault.Conflictf("the person has set a password or signed in, so there is no invitation any more").
				WithCode("INVITATION_OVER").At("educatorId")
	errNoAddress = fault.Conflictf("the account has no address to which an invitation could go; add it with a file").
			WithCode("NO_ADDRESS").At("educatorId")
	errNoRole = fault.Conflictf("the person has no role at an organization that you administer; give a role first").
			WithCode("NO_ROLE").At("educatorId")
	errDisabled = fault.Conflictf("the account is disabled; enable it first").WithCode("DISABLED").At("educatorId")
)

// isInvited matches the accounts with an invitation that was neither used nor withdrawn.
func isInvited() predicate.Educator {
	return educator.And(educator.Or(educator.PasswordHashIsNil(), educator.PasswordHash("")),
		educator.HasLinksWith(onetimelink.PurposeEQ(onetimelink.PurposeINVITE), onetimelink.UsedAtIsNil()))
}

// Invitations returns the latest open invitation of each of some accounts. The caller sees
// the accounts; whoever does not administer anything gets nothing.
func (s *Service) Invitations(ctx context.Context, educatorIDs []int) (map[int]*db.OneTimeLink, error) {
	if !viewer.FromContext(ctx).IsAdmin() {
		return nil, nil
	}
	system := viewer.AsSystem(ctx, "open invitations of people whom the caller sees")
	links, err := s.db.Client(ctx).OneTimeLink.Query().Where(onetimelink.EducatorIDIn(educatorIDs...),
		onetimelink.PurposeEQ(onetimelink.PurposeINVITE), onetimelink.UsedAtIsNil(),
		onetimelink.HasEducatorWith(isInvited())).Order(onetimelink.ByID()).All(system)
	open := make(map[int]*db.OneTimeLink, len(links))
	for _, l := range links {
		open[l.EducatorID] = l
	}
	return open, err
}

// ResendInvitation invites somebody once more who has not set a password yet. It refuses as
// Disable does, and has the limits of Invite.
func (s *Service) ResendInvitation(ctx context.Context, educatorID int) (*db.Educator, error) {
	client := s.db.Client(ctx)
	e, err := client.Educator.Query().Where(educator.ID(educatorID), educator.Service(0)).Only(ctx)
	if err != nil {
		return nil, orElse(ignoreNotFound(err), errNoEducator)
	}
	may, err := client.Educator.Query().Where(educator.ID(educatorID), rule.EducatorsEdited(viewer.FromContext(ctx))).
		Exist(ctx)
	switch {
	case err != nil || !may:
		return nil, orElse(err, errWiderAccount)
	case e.PasswordHash != "":
		return nil, errInvitationOver
	case e.Disabled == 1:
		return nil, errDisabled
	case e.Email == "":
		return nil, errNoAddress
	}
	roles, err := client.RoleAssignment.Query().Where(roleassignment.EducatorID(educatorID)).
		Order(roleassignment.ByID()).All(ctx)
	if err != nil || len(roles) == 0 {
		return nil, orElse(err, errNoRole)
	}
	return s.Invite(ctx, NewEducator{Email: e.Email, FirstName: e.FirstName, LastName: e.LastName,
		Role: viewer.Role(roles[0].Role), OrganizationID: roles[0].OrganizationID})
}

// WithdrawInvitation ends the invitation of somebody who has never signed in, and disables
// the account: whoever reads the mail of its address could ask for another link. It refuses
// as Disable does.
func (s *Service) WithdrawInvitation(ctx context.Context, educatorID int) (*db.Educator, error) {
	return s.onAccount(ctx, educatorID, func(ctx context.Context, client *db.Client, e *db.Educator) error {
		linked, err := client.ExternalIdentity.Query().Where(externalidentity.EducatorID(e.ID)).Exist(ctx)
		switch {
		case err != nil:
			return err
		case linked || e.PasswordHash != "":
			return errInvitationOver
		case e.Disabled == 1:
			return nil
		}
		return s.setDisabled(ctx, client, e, true, audit.Facts{"invitation": "withdrawn"})
	})
}
