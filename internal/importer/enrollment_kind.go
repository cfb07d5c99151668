package importer

import (
	"context"
	"homeroom/ent/db"
	"homeroom/ent/db/loss"
	"slices"
)

// enrollmentKind is the kind of a file of enrollments.
type enrollmentKind struct {
	env
}

func newEnrollmentKind(e env) kind { return &enrollmentKind{e} }

func (*enrollmentKind) about() *about {
	return &about{Format: enrollmentFormat, Noun: "upload", OneByOne: true, OfStudents: true, Thing: loss.ThingSTUDENT}
}

func (k *enrollmentKind) checker(_ context.Context, c *check) (checker, *problem, error) {
	return &enrollmentCheck{c}, nil, nil
}

func (k *enrollmentKind) apply(ctx context.Context, client *db.Client, b *batch) error {
	return k.applyEnrollments(ctx, client, b)
}

func (k *enrollmentKind) undo(ctx context.Context, client *db.Client, b *undoBatch) error {
	return k.undoEnrollments(ctx, client, b)
}

// names implements named.
func (k *enrollmentKind) names(ctx context.Context, client *db.Client, r *fileRow) ([]string, error) {
	switch {
	case r.plan == nil:
		return nil, nil
	case r.plan.aboutStudent():
		return namesOfStudent(ctx, client, r.targetID)
	default:
		return namesOfEducator(ctx, client, slices.Concat(r.plan.Teach, r.plan.Untaught)[0])
	}
}
