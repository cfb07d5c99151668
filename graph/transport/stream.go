package transport

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

type failureKey struct{}

// failure is why a subscription ended early.
type failure struct {
	mu  sync.Mutex
	err error
}

// Fail says why a subscription ends. Its resolver calls it before it closes the channel.
// Without it, closing the channel is a normal end.
func Fail(ctx context.Context, err error) {
	if f, ok := ctx.Value(failureKey{}).(*failure); ok {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.err = err
	}
}

func (f *failure) get() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// stream runs an operation of any kind and emits its answers until there are no more, emit
// fails, or ctx ends. patience limits a query or mutation; a subscription may go on
// forever.
func stream(ctx context.Context, exec graphql.GraphExecutor, params *graphql.RawParams, patience time.Duration,
	allowed func(ast.Operation) *gqlerror.Error, emit func(*graphql.Response) error) {
	why := &failure{}
	ctx, cancel := context.WithCancel(context.WithValue(ctx, failureKey{}, why))
	defer cancel()
	ctx = graphql.WithOperationContext(ctx, &graphql.OperationContext{})
	// This may be a goroutine of its own, where a panic would end the process.
	defer func() {
		if p := recover(); p != nil {
			err := fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			_ = emit(exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(err)}))
		}
	}()
	oc, errs := exec.CreateOperationContext(ctx, params)
	ctx = graphql.WithOperationContext(ctx, oc)
	if errs != nil {
		_ = emit(exec.DispatchError(ctx, errs))
		return
	}
	if err := allowed(oc.Operation.Operation); err != nil {
		_ = emit(failed(err))
		return
	}
	run, once := ctx, oc.Operation.Operation != ast.Subscription
	if once {
		var end context.CancelFunc
		run, end = context.WithTimeout(ctx, patience)
		defer end()
	}
	responses, run := exec.DispatchOperation(run, oc)
	for resp := responses(run); ; resp = responses(run) {
		if resp == nil && once && run.Err() != nil && ctx.Err() == nil {
			resp = failed(errTimeout)
		}
		if resp == nil {
			break
		}
		if emit(resp) != nil || once || resp.Data == nil {
			return
		}
	}
	if err := why.get(); err != nil && ctx.Err() == nil {
		_ = emit(exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(err)}))
	}
}
