package importer

import (
	"context"
	"homeroom/ent/db"
	"homeroom/ent/db/group"
	"homeroom/ent/db/loss"
	"homeroom/internal/globalid"
)

// groupKind is the kind of a file of classes and groups.
type groupKind struct {
	env
}

func newGroupKind(e env) kind { return &groupKind{e} }

func (*groupKind) about() *about {
	return &about{Format: groupFormat, Noun: "upload", ByTeachers: true, Thing: loss.ThingGROUP}
}

func (k *groupKind) checker(_ context.Context, c *check) (checker, *problem, error) {
	return &groupCheck{c}, nil, nil
}

func (k *groupKind) apply(ctx context.Context, client *db.Client, b *batch) error {
	return k.applyGroups(ctx, client, b)
}

func (k *groupKind) undo(ctx context.Context, client *db.Client, b *undoBatch) error {
	return k.undoGroups(ctx, client, b)
}

// names implements named.
func (k *groupKind) names(ctx context.Context, client *db.Client, r *fileRow) ([]string, error) {
	g, err := client.Group.Query().Where(group.ID(r.targetID)).Only(ctx)
	if err != nil {
		return nil, err
	}
	return []string{globalid.Encode(globalid.Group, g.ID), deref(g.ExternalID), g.Name}, nil
}
