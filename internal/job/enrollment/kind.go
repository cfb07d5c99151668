// Package enrollment is the kind of job that imports enrollments. Each line puts one
// person into one group.
package enrollment

import (
	"context"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
)

// importKind is the kind of a file of enrollments.
type importKind struct {
	row.Env
}

// New returns the kind of a file of enrollments.
func New(e row.Env) kind.Kind { return &importKind{e} }

// About implements kind.Kind.
func (*importKind) About() *kind.About {
	return &kind.About{Format: format, Noun: "upload", OneByOne: true, OfStudents: true, Thing: loss.ThingSTUDENT}
}

// Checker implements kind.Kind.
func (k *importKind) Checker(_ context.Context, c *reach.Check) (kind.Checker, *row.Problem, error) {
	return &enrollmentCheck{c}, nil, nil
}

// Names implements named.
func (k *importKind) Names(ctx context.Context, client *db.Client, r *sheet.Row) ([]string, error) {
	switch {
	case r.Plan == nil:
		return nil, nil
	case r.Plan.AboutStudent():
		return reach.NamesOfStudent(ctx, client, r.TargetID)
	default:
		return reach.NamesOfEducator(ctx, client, slices.Concat(r.Plan.Teach, r.Plan.Untaught)[0])
	}
}
