package problem

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"syscall"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
)

var (
	errNotLookedUp = fault.Unavailablef("the database does not answer at the moment; try again in a few seconds").After(5)
	// ErrMade says that a change was made and its answer cannot be given.
	ErrMade = fault.Unavailablef(
		"all or a part of the change was made, but its answer is incomplete; " +
			"check what was made before you try again").WithCode(string(database.Uncertain))
	errNoDisk = fault.Unavailablef(
		"the server has no space for the file at the moment; tell the person who runs it, and try again later").
		WithCode("DISK_FULL").After(60)
)

// unavailable returns the error for a client if something outside its control will pass,
// and nil otherwise.
func unavailable(err error) *fault.Error {
	for _, full := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS} {
		if errors.Is(err, full) {
			return errNoDisk
		}
	}
	return database.Unavailable(err)
}

// NotLookedUp is the answer if not even the session or the document could be looked up.
func NotLookedUp(ctx context.Context, log *slog.Logger, what string, err error) *gqlerror.Error {
	log.WarnContext(ctx, "look up "+what, "error", err)
	if f := unavailable(err); f != nil {
		return Presented(f)
	}
	return Presented(errNotLookedUp)
}

// Wholly turns a partial answer into no answer, if a part is missing because the database
// was unavailable: a client would take null for "there is none" and keep it. It keeps the
// results of a mutation. If the answer of a mutation cannot be given, it says that the
// change may have been made, so that the client does not repeat it.
func Wholly(op *ast.OperationDefinition, made *database.Made, resp *graphql.Response) *graphql.Response {
	if resp == nil || resp.Data == nil {
		return resp
	}
	for _, err := range resp.Errors {
		code := err.Extensions["code"]
		if code != codes[fault.Unavailable] && code != string(database.Uncertain) && code != timedOut {
			continue
		}
		if op != nil && op.Operation == ast.Mutation && hasDone(resp.Data) {
			return resp
		}
		if made.Any() {
			err = Presented(ErrMade)
		}
		return &graphql.Response{Errors: gqlerror.List{err}, Extensions: resp.Extensions}
	}
	if op != nil && op.Operation == ast.Query && refusedWholly(resp) {
		resp.Data = json.RawMessage("null")
	}
	return resp
}

// refusedWholly reports whether every top-level field of an answer was refused. Such an
// answer has null as its data: most operations have one field, and a client that has looked
// whether there is data need not look again whether there is anything in it.
func refusedWholly(resp *graphql.Response) bool {
	if len(resp.Errors) == 0 || hasDone(resp.Data) {
		return false
	}
	refused := map[string]bool{}
	for _, err := range resp.Errors {
		if len(err.Path) > 0 {
			refused[fmt.Sprint(err.Path[0])] = true
		}
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(resp.Data, &fields) != nil {
		return false
	}
	for name := range fields {
		if !refused[name] {
			return false
		}
	}
	return true
}

// hasDone reports whether a top-level field of an answer has a value.
func hasDone(data json.RawMessage) bool {
	var fields map[string]json.RawMessage
	if json.Unmarshal(data, &fields) != nil {
		return false
	}
	for _, value := range fields {
		if string(value) != "null" {
			return true
		}
	}
	return false
}
