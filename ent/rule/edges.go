package rule

import (
	"context"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/privacy"
)

// ownEdges are the edges that are a column of the row itself, which the rules look at
// as a field. Every other edge changes rows of another entity, past its policy.
var ownEdges = []string{"agent", "creator", "educator", "group", "job", "organization", "parent", "product",
	"student", "submitter"}

// denyEdges refuses what would change another entity's rows on the way: a school
// administrator must not hang a foreign district under the own school as its child.
// People and programs change each row itself.
type denyEdges struct{}

func (denyEdges) EvalMutation(_ context.Context, m db.Mutation) error {
	for _, edge := range slices.Concat(m.AddedEdges(), m.RemovedEdges(), m.ClearedEdges()) {
		if !slices.Contains(ownEdges, edge) {
			return privacy.Denyf("%s are changed one by one", edge)
		}
	}
	return privacy.Skip
}
