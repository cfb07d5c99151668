package rule

import (
	"context"
	"errors"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// everyHand evaluates a policy for each person of a joint viewer, as if that person asked
// alone; see viewer.Jointly. It refuses what any of them may not do, and shows the rows
// that each of them sees. So no other rule needs to know about joint viewers.
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
