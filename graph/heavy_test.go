package graph_test

import (
	"context"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/openhomeroom/homeroom/graph/generated"
	"github.com/openhomeroom/homeroom/graph/limit"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestHeavyOperationsAreFew runs operations at the same time as one that takes long.
func TestHeavyOperationsAreFew(t *testing.T) {
	t.Parallel()
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	few := limit.FewHeavy(limit.Limits{Heavy: 1, AllHeavy: 2})
	run := func(ctx context.Context, educator int, document string, next graphql.ResponseHandler) string {
		doc, errs := gqlparser.LoadQueryWithRules(schema, document, rules.NewDefaultRules())
		if errs != nil {
			t.Fatal(errs)
		}
		ctx = viewer.NewContext(ctx, &viewer.Viewer{EducatorID: educator})
		ctx = graphql.WithOperationContext(ctx, &graphql.OperationContext{Doc: doc, Operation: doc.Operations[0]})
		if resp := few(ctx, next); len(resp.Errors) > 0 {
			return resp.Errors[0].Extensions["code"].(string)
		}
		return ""
	}
	const (
		correction = `mutation { ...A } fragment A on Mutation { x: correctBulkJobRow(input: {jobId: "x", row: 1, values: []})
			{ job { id } } }`
		erasure = `mutation { eraseStudents(input: {students: [], reference: "x"}) { userErrors { code } } }`
		light   = `mutation { signOut }`
	)
	fine := func(context.Context) *graphql.Response { return &graphql.Response{} }
	end := make(chan struct{})
	ended := make(chan string, 2)
	begin := func(educator int) {
		begun := make(chan struct{})
		go func() {
			ended <- run(context.Background(), educator, correction, func(context.Context) *graphql.Response {
				close(begun)
				<-end
				return &graphql.Response{}
			})
		}()
		<-begun
	}
	// Nobody waits here for what does not end.
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	begin(1)
	for document, want := range map[string]string{
		correction:                       "TOO_MANY_REQUESTS",
		erasure:                          "TOO_MANY_REQUESTS",
		light:                            "",
		`{ viewer { educator { id } } }`: "",
	} {
		if got := run(gone, 1, document, fine); got != want {
			t.Errorf("%s of the same caller: got %q, want %q", document, got, want)
		}
	}
	begin(2)
	if got := run(gone, 3, erasure, fine); got != "UNAVAILABLE" {
		t.Errorf("a third caller: got %q", got)
	}
	waited := make(chan string)
	go func() { waited <- run(context.Background(), 1, correction, fine) }()
	close(end)
	for _, got := range []string{<-ended, <-ended, <-waited} {
		if got != "" {
			t.Errorf("got %q", got)
		}
	}
}
