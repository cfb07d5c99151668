package job

import (
	"context"

	"github.com/openhomeroom/homeroom/internal/job/budget"
)

// inTurn does a piece of work when it is its turn.
func (s *Service) inTurn(ctx context.Context, do func() error) error {
	end, err := s.turn(ctx)
	if err != nil {
		return err
	}
	defer end()
	return do()
}

// inBudget does a piece of a check when it is its turn.
func (s checking) inBudget(ctx context.Context, b *budget.Budget, do func() error) error {
	return s.inTurn(ctx, func() error { return b.During(do) })
}
