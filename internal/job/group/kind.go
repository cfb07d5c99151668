// Package group is the kind of job that imports classes and groups.
package group

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
)

// importKind is the kind of a file of classes and groups.
type importKind struct {
	row.Env
}

// New returns the kind of a file of classes and groups.
func New(e row.Env) kind.Kind { return &importKind{e} }

// About implements kind.Kind.
func (*importKind) About() *kind.About {
	return &kind.About{Format: format, Noun: "upload", ByTeachers: true, TellsTaken: true, Thing: loss.ThingGROUP}
}

// Checker implements kind.Kind.
func (k *importKind) Checker(_ context.Context, c *reach.Check) (kind.Checker, *row.Problem, error) {
	return &groupCheck{c}, nil, nil
}

// Names implements kind.Named.
func (*importKind) Names(ctx context.Context, client *db.Client, r *sheet.Row) ([]string, error) {
	return reach.NamesOfGroup(ctx, client, r.TargetID)
}
