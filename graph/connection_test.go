package graph_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/graph"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestNobodyTakesAllConnections has callers and districts ask for as much as they may, and
// says who still gets an answer.
func TestNobodyTakesAllConnections(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		patient, hasty := graph.Prepare(d, time.Minute), graph.Prepare(d, time.Millisecond)
		prepare := patient
		ask := func(ctx context.Context, educator, district int, op ast.Operation, then func()) string {
			ctx = viewer.NewContext(ctx, &viewer.Viewer{EducatorID: educator, DistrictID: district})
			operation := &graphql.OperationContext{Operation: &ast.OperationDefinition{Operation: op}}
			ctx = graphql.WithOperationContext(ctx, operation)
			ctx = graphql.WithResponseContext(ctx, graphql.DefaultErrorPresenter, graphql.DefaultRecover)
			resp := prepare(ctx, func(ctx context.Context) *graphql.Response {
				if op != ast.Mutation {
					if _, err := d.Client(ctx).Organization.Query().Count(viewer.AsSystem(ctx, "a test")); err != nil {
						return &graphql.Response{Errors: gqlerror.List{graphql.DefaultErrorPresenter(ctx, err)}}
					}
				}
				then()
				return &graphql.Response{}
			})
			if len(resp.Errors) > 0 {
				return resp.Errors[0].Error()
			}
			return ""
		}
		end, ended := make(chan struct{}), make(chan string)
		running := make(chan struct{})
		begin := func(educator, district int, op ast.Operation) {
			go func() {
				ended <- ask(context.Background(), educator, district, op, func() {
					running <- struct{}{}
					<-end
				})
			}()
		}
		n := d.Connections()
		each, all := n/4, n-n/4
		kinds := []ast.Operation{ast.Query, ast.Mutation, ast.Subscription}
		// One caller has a quarter, whatever runs, and waits for the rest.
		begun := 0
		for i := range each {
			begin(1, 1, kinds[i%3])
			<-running
			begun++
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		nothing := func() {}
		// A mutation takes its turn without a query, which would fail here in any case.
		if got := ask(gone, 1, 1, ast.Mutation, nothing); got == "" {
			t.Error("the same caller gets one more")
		}
		if got := ask(t.Context(), 2, 1, ast.Query, nothing); got != "" {
			t.Errorf("somebody of the same district: %s", got)
		}
		// A district that is alone has all but the quarter that is left to the server.
		for i := each; i < all; i++ {
			begin(10+i, 1, kinds[i%3])
			<-running
			begun++
		}
		if got := ask(gone, 3, 1, ast.Mutation, nothing); got == "" {
			t.Error("a district has more than all")
		}
		if _, err := d.Client(t.Context()).Organization.Query().Count(viewer.AsSystem(t.Context(), "a test")); err != nil {
			t.Errorf("the server itself: %v", err)
		}
		// Who waits gets a turn when another ends.
		waited := make(chan string)
		go func() { waited <- ask(context.Background(), 1, 1, ast.Query, nothing) }()
		close(end)
		for range begun {
			if got := <-ended; got != "" {
				t.Error(got)
			}
		}
		if got := <-waited; got != "" {
			t.Errorf("who has waited: %s", got)
		}
		// Who waits for too long is told so.
		prepare, end = hasty, make(chan struct{})
		for range each {
			begin(1, 1, ast.Query)
			<-running
		}
		for _, op := range kinds {
			if got := ask(t.Context(), 1, 1, op, nothing); !strings.Contains(got, "too much running that reads or writes") {
				t.Errorf("a %s that waits for too long: %q", op, got)
			}
		}
		close(end)
		for range each {
			<-ended
		}
		prepare = patient
		// With two districts, each has half.
		end = make(chan struct{})
		begun = 0
		begin(9, 2, ast.Query)
		<-running
		begun++
		for i := range all / 2 {
			begin(10+i, 1, ast.Query)
			<-running
			begun++
		}
		if got := ask(gone, 3, 1, ast.Mutation, nothing); got == "" {
			t.Error("a district has more than half")
		}
		if got := ask(t.Context(), 8, 2, ast.Query, nothing); got != "" {
			t.Errorf("the other district: %s", got)
		}
		close(end)
		for range begun {
			if got := <-ended; got != "" {
				t.Error(got)
			}
		}
	})
}
