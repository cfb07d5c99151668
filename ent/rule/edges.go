package rule

import (
	"context"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/privacy"
)

// ownEdges are the edges that are a column of the row itself. The rules treat these as
// fields. Every other edge changes rows of another entity, without asking that entity's
// policy.
var ownEdges = []string{"agent", "creator", "educator", "group", "job", "organization", "parent", "product",
	"student", "submitter"}

// denyEdges refuses a mutation that would change rows of another entity as well. Otherwise
// a school administrator could make somebody else's district a child of their school.
// People and programs have to change each row by itself.
type denyEdges struct{}

func (denyEdges) EvalMutation(_ context.Context, m db.Mutation) error {
	for _, edge := range slices.Concat(m.AddedEdges(), m.RemovedEdges(), m.ClearedEdges()) {
		if !slices.Contains(ownEdges, edge) {
			return privacy.Denyf("%s can only be changed one by one", edge)
		}
	}
	return privacy.Skip
}
