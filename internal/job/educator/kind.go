// Package educator is the kind of job that imports educators and their roles.
package educator

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/loss"
	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
)

// importKind is the kind of a file of educators.
type importKind struct {
	row.Env
	// guard decides whose credentials a file may set.
	guard credential.Guard
}

// New returns the kind of a file of educators.
func New(e row.Env, guard credential.Guard) kind.Kind { return &importKind{e, guard} }

// About implements kind.Kind.
func (*importKind) About() *kind.About {
	return &kind.About{Format: format, Noun: "upload", TellsTaken: true, Thing: loss.ThingEDUCATOR}
}

// Checker implements kind.Kind.
func (k *importKind) Checker(_ context.Context, c *reach.Check) (kind.Checker, *row.Problem, error) {
	return &educatorCheck{c, k}, nil, nil
}

// Names implements named.
func (k *importKind) Names(ctx context.Context, client *db.Client, r *sheet.Row) ([]string, error) {
	return reach.NamesOfEducator(ctx, client, r.TargetID)
}
