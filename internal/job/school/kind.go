// Package school is the kind of job that imports schools.
package school

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
)

// importKind is the kind of a file of schools.
type importKind struct {
	row.Env
}

// New returns the kind of a file of schools.
func New(e row.Env) kind.Kind { return &importKind{e} }

// About implements kind.Kind.
func (*importKind) About() *kind.About {
	return &kind.About{Format: format, Noun: "upload", OfDistrict: true, Thing: loss.ThingSCHOOL}
}

// Checker implements kind.Kind.
func (k *importKind) Checker(_ context.Context, c *reach.Check) (kind.Checker, *row.Problem, error) {
	return &organizationCheck{Check: c}, nil, nil
}

// Names implements kind.Named.
func (*importKind) Names(ctx context.Context, client *db.Client, r *sheet.Row) ([]string, error) {
	return reach.NamesOfSchool(ctx, client, r.TargetID)
}
