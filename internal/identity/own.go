package identity

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/internal/passwd"
)

// checkPasswordOf checks a new password of an account.
func (s *Service) checkPasswordOf(system context.Context, e *db.Educator, typed string) error {
	own, err := s.ownOf(system, e)
	if err != nil {
		return err
	}
	if err := passwd.Check(typed, own...); err != nil {
		return err
	}
	return nil
}

// ownOf are the texts about an account that its password must not consist of.
func (s *Service) ownOf(system context.Context, e *db.Educator) ([]string, error) {
	client := s.db.Client(system)
	roles, err := client.RoleAssignment.Query().Where(roleassignment.EducatorID(e.ID)).All(system)
	if err != nil {
		return nil, err
	}
	ids := []int{e.DistrictID}
	for _, r := range roles {
		ids = append(ids, r.OrganizationID)
	}
	names, err := client.Organization.Query().Where(organization.IDIn(ids...)).
		Select(organization.FieldName).Strings(system)
	return append(passwd.Own(e.FirstName, e.LastName, e.Email, e.Username), names...), err
}
