package graph

import (
	"context"

	"github.com/openhomeroom/homeroom/graph/loader"
	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/notify"
)

func (r queryResolver) DashboardNotifications(ctx context.Context,
	organizationID string) ([]*model.DashboardNotification, error) {
	id, err := key(globalid.Organization, organizationID, "organizationId")
	if err != nil {
		return nil, err
	}
	return r.notifications(ctx, id)
}

func (r *Resolver) notifications(ctx context.Context, organizationID int) ([]*model.DashboardNotification, error) {
	list, err := r.Notify.Unassigned(ctx, organizationID)
	return all(list, toNotification), err
}

func toNotification(n notify.Notification) *model.DashboardNotification {
	return &model.DashboardNotification{
		ID:             globalid.Encode(globalid.UnassignedNotice, n.OrganizationID),
		Kind:           model.NotificationKind(n.Kind),
		Count:          n.Count,
		OrganizationID: n.OrganizationID,
	}
}

func (r organizationResolver) Notifications(ctx context.Context,
	o *model.Organization) ([]*model.DashboardNotification, error) {
	list, err := loader.From(ctx).Notices.Load(ctx, o.Entity.ID)
	return all(list, toNotification), err
}

func (r notificationResolver) Organization(ctx context.Context,
	n *model.DashboardNotification) (*model.Organization, error) {
	return organizationByID(ctx, n.OrganizationID)
}

func (r notificationResolver) CSVURL(ctx context.Context, n *model.DashboardNotification) (*string, error) {
	if n.Count == 0 {
		return nil, nil
	}
	url := r.Downloads.UnassignedURL(ctx, n.OrganizationID)
	return &url, nil
}
