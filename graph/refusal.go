package graph

import (
	"context"
	"errors"

	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// userErrors turns errors that the user can correct into entries of userErrors. Any other
// error stays an error of the operation.
func userErrors(ctx context.Context, err error) ([]*model.UserError, error) {
	noteFault(ctx, err)
	return mendable(err)
}

// mendable is userErrors for errors that were recorded already.
func mendable(err error) ([]*model.UserError, error) {
	var refusals roster.Refusals
	if errors.As(err, &refusals) {
		return all(refusals, toUserError), nil
	}
	f := fault.From(err)
	if f == nil {
		return []*model.UserError{}, err
	}
	switch f.Kind {
	case fault.Invalid, fault.NotFound, fault.Forbidden, fault.Conflict, fault.TooLarge:
		return []*model.UserError{toUserError(f)}, nil
	default:
		return []*model.UserError{}, err
	}
}

func toUserError(f *fault.Error) *model.UserError {
	e := &model.UserError{Code: f.Code, Message: fault.Sentence(f.Message)}
	if f.Field != "" {
		e.Field = &f.Field
	}
	if f.RetryAfter > 0 {
		e.RetryAfterSeconds = &f.RetryAfter
	}
	return e
}
