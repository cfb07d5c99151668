package rule

import (
	"context"
	"errors"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// everyHand asks a policy for each of those who ask together, as if that one asked
// alone; see viewer.Jointly. What one of them may not do is refused, and the rows are
// those that each of them reaches. So no rule has to know that there can be several.
type everyHand struct {
	query    privacy.QueryPolicy
	mutation privacy.MutationPolicy
}

func (p everyHand) EvalQuery(ctx context.Context, q db.Query) error {
	return forEachHand(ctx, func(ctx context.Context) error { return p.query.EvalQuery(ctx, q) })
}

func (p everyHand) EvalMutation(ctx context.Context, m db.Mutation) error {
	return forEachHand(ctx, func(ctx context.Context) error { return p.mutation.EvalMutation(ctx, m) })
}

func forEachHand(ctx context.Context, allows func(context.Context) error) error {
	hands := ask(ctx).Hands()
	if len(hands) == 1 {
		return allows(ctx)
	}
	for _, h := range hands {
		if err := allows(viewer.NewContext(ctx, h)); !errors.Is(err, privacy.Allow) {
			return err
		}
	}
	return privacy.Allow
}
