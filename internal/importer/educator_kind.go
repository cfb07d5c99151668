package importer

import (
	"context"
	"homeroom/ent/db"
	"homeroom/ent/db/loss"
	"homeroom/internal/identity"
)

// educatorKind is the kind of a file of educators.
type educatorKind struct {
	env
	// guard says whose credentials a file may set.
	guard identity.Guard
}

func newEducatorKind(e env, guard identity.Guard) kind { return &educatorKind{e, guard} }

func (*educatorKind) about() *about {
	return &about{Format: educatorFormat, Noun: "upload", Thing: loss.ThingEDUCATOR}
}

func (k *educatorKind) checker(_ context.Context, c *check) (checker, *problem, error) {
	return &educatorCheck{c, k}, nil, nil
}

func (k *educatorKind) apply(ctx context.Context, client *db.Client, b *batch) error {
	return k.applyEducators(ctx, client, b)
}

func (k *educatorKind) undo(ctx context.Context, client *db.Client, b *undoBatch) error {
	return k.undoEducators(ctx, client, b)
}

// names implements named.
func (k *educatorKind) names(ctx context.Context, client *db.Client, r *fileRow) ([]string, error) {
	return namesOfEducator(ctx, client, r.targetID)
}
