package importer

import (
	"context"
	"homeroom/ent/db"
	"homeroom/ent/db/loss"
	"homeroom/ent/db/organization"
	"homeroom/internal/globalid"
)

// schoolKind is the kind of a file of schools.
type schoolKind struct {
	env
}

func newSchoolKind(e env) kind { return &schoolKind{e} }

func (*schoolKind) about() *about {
	return &about{Format: schoolFormat, Noun: "upload", OfDistrict: true, Thing: loss.ThingSCHOOL}
}

func (k *schoolKind) checker(_ context.Context, c *check) (checker, *problem, error) {
	return &organizationCheck{c}, nil, nil
}

func (k *schoolKind) apply(ctx context.Context, client *db.Client, b *batch) error {
	return k.applyOrganizations(ctx, client, b)
}

func (k *schoolKind) undo(ctx context.Context, client *db.Client, b *undoBatch) error {
	return k.undoOrganizations(ctx, client, b)
}

// names implements named.
func (k *schoolKind) names(ctx context.Context, client *db.Client, r *fileRow) ([]string, error) {
	o, err := client.Organization.Query().Where(organization.ID(r.targetID)).Only(ctx)
	if err != nil {
		return nil, err
	}
	return []string{globalid.Encode(globalid.Organization, o.ID), deref(o.ExternalID), o.Name}, nil
}
