package limit

import (
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/openhomeroom/homeroom/graph/problem"
	"github.com/openhomeroom/homeroom/graph/share"
	"github.com/openhomeroom/homeroom/internal/allowance"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

var errTooMuchUnread = problem.TooMany("you have not read some of your answers yet; read them, or ask for less at once")

// Answers limits what waits to be sent: if a client reads nothing, the answer that was
// computed for it stays in memory although its turn is over. A district gets at most half
// of the room, so that somebody with many accounts in one district leaves room for others.
type Answers struct {
	callers   *allowance.Allowance[share.Caller]
	districts *allowance.Allowance[int]
}

// NewAnswers returns the room for answers.
func NewAnswers(l Limits) *Answers {
	return &Answers{
		callers:   allowance.New[share.Caller](l.AnswersEach, l.AnswersAll),
		districts: allowance.New[int](l.AnswersDistrict, l.AnswersAll),
	}
}

// take takes room for an answer, or takes nothing.
func (a *Answers) take(v *viewer.Viewer, size int64) (give func(), ok bool) {
	id, _ := share.CallerOf(v)
	district := v.District()
	if a.callers.Take(id, size) != nil {
		return nil, false
	}
	if a.districts.Take(district, size) != nil {
		a.callers.Give(id, size)
		return nil, false
	}
	return sync.OnceFunc(func() {
		a.callers.Give(id, size)
		a.districts.Give(district, size)
	}), true
}

type eventsKey struct{}

// events is the room that the last event of a subscription has taken. A transport asks for
// the next event when it has sent the last one.
type events struct{ sent func() }

// WithEvents prepares a subscription for the room of its events.
func WithEvents(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	if graphql.GetOperationContext(ctx).Operation.Operation == ast.Subscription {
		ctx = context.WithValue(ctx, eventsKey{}, &events{func() {}})
	}
	return next(ctx)
}

// Room takes room for every answer, and for every event of a subscription, until it is
// sent.
func (a *Answers) Room(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	last, _ := ctx.Value(eventsKey{}).(*events)
	if last != nil {
		last.sent()
	}
	resp := next(ctx)
	op := graphql.GetOperationContext(ctx).Operation
	v := viewer.FromContext(ctx)
	if _, known := share.CallerOf(v); !known || resp == nil || op == nil {
		return resp
	}
	give, ok := a.take(v, 2*int64(len(resp.Data))) // Sending copies the data.
	switch {
	case !ok && op.Operation == ast.Mutation:
		return problem.RefusedBy(problem.Presented(problem.ErrMade))(ctx)
	case !ok:
		return problem.Refused(errTooMuchUnread)(ctx)
	}
	// The context of an operation ends when its last answer has been sent, or cannot be.
	stop := context.AfterFunc(ctx, give)
	if last != nil {
		last.sent = func() {
			stop()
			give()
		}
	}
	return resp
}
