package identity

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Guard returns the guard of the service.
func (s *Service) Guard() credential.Guard { return s.guard }

// Taught is credential.Widen for educators who will teach a group.
func (s *Service) Taught(ctx context.Context, client *db.Client, g *db.Group, educatorIDs []int) error {
	at := viewer.Assignment{Role: viewer.Teacher, OrganizationID: g.OrganizationID, DistrictID: g.DistrictID}
	grants := make([]credential.Grant, 0, len(educatorIDs))
	for _, id := range educatorIDs {
		grants = append(grants, credential.Grant{EducatorID: id, Assignment: at})
	}
	_, err := credential.Widen(ctx, client, s.instant(), grants)
	return err
}
