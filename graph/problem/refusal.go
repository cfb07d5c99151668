package problem

import (
	"errors"

	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/graph/share"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// Mendable turns errors that the user can correct into entries of userErrors. Any other
// error stays an error of the operation.
func Mendable(err error) ([]*model.UserError, error) {
	var refusals roster.Refusals
	if errors.As(err, &refusals) {
		list := make([]*model.UserError, len(refusals))
		for i, f := range refusals {
			list[i] = UserError(f)
		}
		return list, nil
	}
	f := fault.From(err)
	if f == nil {
		return []*model.UserError{}, err
	}
	switch f.Kind {
	case fault.Invalid, fault.NotFound, fault.Forbidden, fault.Conflict, fault.TooLarge:
		return []*model.UserError{UserError(f)}, nil
	default:
		return []*model.UserError{}, err
	}
}

// UserError is one entry of userErrors.
func UserError(f *fault.Error) *model.UserError {
	e := &model.UserError{Code: f.Code, Message: fault.Sentence(f.Message)}
	if f.Field != "" {
		e.Field = &f.Field
	}
	if f.RetryAfter > 0 {
		e.RetryAfterSeconds = &f.RetryAfter
	}
	return e
}

// TooMany returns an error for somebody who has too much of something at a time.
func TooMany(message string) *fault.Error {
	return fault.Unavailablef("%s", message).WithCode(share.TooManyRequests)
}
