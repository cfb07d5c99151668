package usage

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/setting"
)

// Settings returns the settings of an organization that the caller sees.
func (s *Service) Settings(ctx context.Context, organizationID int) (setting.Settings, error) {
	org, err := s.organization(ctx, organizationID)
	if err != nil {
		return setting.Settings{}, err
	}
	return s.settingsOfOne(ctx, org)
}

// SettingsOf returns the settings of several organizations with two statements. Those that
// the caller does not see are missing from the result.
func (s *Service) SettingsOf(ctx context.Context, organizationIDs []int) (map[int]setting.Settings, error) {
	if len(organizationIDs) == 0 {
		return map[int]setting.Settings{}, nil
	}
	orgs, err := s.db.Client(ctx).Organization.Query().Where(organization.IDIn(sortedIDs(organizationIDs)...)).All(ctx)
	if err != nil {
		return nil, err
	}
	return s.settings(ctx, orgs)
}

func (s *Service) settingsOfOne(ctx context.Context, org *db.Organization) (setting.Settings, error) {
	all, err := s.settings(ctx, []*db.Organization{org})
	return all[org.ID], err
}

func (s *Service) settings(ctx context.Context, orgs []*db.Organization) (map[int]setting.Settings, error) {
	return setting.Read(ctx, s.db.Client(ctx), s.now(), orgs...)
}
