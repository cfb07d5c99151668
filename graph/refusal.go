package graph

import (
	"context"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/graph/problem"
	"github.com/openhomeroom/homeroom/graph/trail"
)

// userErrors turns errors that the user can correct into entries of userErrors. Any other
// error stays an error of the operation.
func userErrors(ctx context.Context, err error) ([]*model.UserError, error) {
	trail.NoteFault(ctx, err)
	return problem.Mendable(err)
}

// problem.NotLookedUp is the answer if not even the document could be looked up.
func (r *Resolver) notLookedUp(ctx context.Context, what string, err error) *gqlerror.Error {
	return problem.NotLookedUp(ctx, r.Log, what, err)
}
