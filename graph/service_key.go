package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/graph/loader"
	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/graph/problem"
	"github.com/openhomeroom/homeroom/graph/selection"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// forScopes are the fields that a service key may ask for, by scope.
var forScopes = map[viewer.Scope]map[string]bool{
	viewer.UsageWrite:   {"recordUsage": true},
	viewer.RosterImport: {"submitBulkImport": true, "startBulkJob": true, "bulkJob": true, "bulkJobs": true},
}

var errNotForKey = fault.Forbiddenf("the service key does not allow this; check its scopes")

// onlyInScope refuses an operation of a service key that goes beyond its scopes. The
// policies give a key next to nothing, and deny the same.
func onlyInScope(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	v := viewer.FromContext(ctx)
	if v == nil || v.Key == nil {
		return next(ctx)
	}
	if !inScope(v, graphql.GetOperationContext(ctx)) {
		return problem.Refused(errNotForKey)
	}
	return next(ctx)
}

// inScope reports whether a service key is for all that an operation asks for.
func inScope(v *viewer.Viewer, oc *graphql.OperationContext) bool {
	for _, f := range rootFields(oc) {
		allowed := f.Name == "__typename" || f.Name == "__schema" || f.Name == "__type"
		for _, scope := range v.Key.Scopes {
			allowed = allowed || forScopes[scope][f.Name]
		}
		if !allowed {
			return false
		}
	}
	return true
}

func toServiceKey(k *db.ServiceKey) *model.ServiceKey {
	if k == nil {
		return nil
	}
	return &model.ServiceKey{
		ID: globalid.Encode(globalid.ServiceKey, k.ID), Name: k.Name, Beginning: k.Beginning,
		Scopes:    all(k.Scopes, func(s string) model.ServiceScope { return model.ServiceScope(s) }),
		CreatedAt: k.CreatedAt, ExpiresAt: k.ExpiresAt, LastUsedAt: k.LastUsedAt, RevokedAt: k.RevokedAt,
		OrganizationID: k.OrganizationID,
	}
}

func (r queryResolver) ServiceKeys(ctx context.Context, organizationID string) ([]*model.ServiceKey, error) {
	id, err := key(globalid.Organization, organizationID, "organizationId")
	if err != nil {
		return nil, err
	}
	list, err := r.Identity.Keys(ctx, id)
	if err != nil {
		return nil, err
	}
	if selection.Has(ctx, "organization") {
		organizations := all(list, func(k *db.ServiceKey) int { return k.OrganizationID })
		if err := loader.From(ctx).OrganizationByID.Prime(ctx, organizations); err != nil {
			return nil, err
		}
	}
	return all(list, toServiceKey), nil
}

func (r serviceKeyResolver) Organization(ctx context.Context, k *model.ServiceKey) (*model.Organization, error) {
	return organizationByID(ctx, k.OrganizationID)
}

func (r mutationResolver) CreateServiceKey(ctx context.Context,
	in model.CreateServiceKeyInput) (*model.CreateServiceKeyPayload, error) {
	payload := &model.CreateServiceKeyPayload{}
	id, err := key(globalid.Organization, in.OrganizationID, "organizationId")
	if err == nil {
		var made *db.ServiceKey
		var secret string
		made, secret, err = r.Identity.CreateKey(ctx, identity.NewKey{
			Name: in.Name, OrganizationID: id, ExpiresAt: in.ExpiresAt,
			Scopes: all(in.Scopes, func(s model.ServiceScope) viewer.Scope { return viewer.Scope(s) }),
		})
		if err == nil {
			payload.ServiceKey, payload.Key = toServiceKey(made), &secret
		}
	}
	payload.UserErrors, err = userErrors(ctx, err)
	return payload, err
}

func (r mutationResolver) RevokeServiceKey(ctx context.Context, id string) (*model.RevokeServiceKeyPayload, error) {
	var revoked *db.ServiceKey
	k, err := key(globalid.ServiceKey, id, "id")
	if err == nil {
		revoked, err = r.Identity.RevokeKey(ctx, k)
	}
	refusals, err := userErrors(ctx, err)
	return &model.RevokeServiceKeyPayload{ServiceKey: toServiceKey(revoked), UserErrors: refusals}, err
}
