package transport_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/graph/transport"
)

// secretWord is in the requests in place of a password, and must not come back in the
// answer to a request that makes no sense.
const secretWord = "hunter2secret"

// decoding is an endpoint that reports which variables have arrived.
func decoding() (srv *handler.Server, arrived *map[string]any) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: `
		scalar Upload
		scalar Any
		type Query { ok(any: Any): Boolean }
		type Mutation { ok(file: Upload, any: Any): Boolean }
		type Subscription { ok: Boolean }`})
	arrived = new(map[string]any)
	srv = handler.New(fake{schema: schema, run: func(ctx context.Context) *graphql.Response {
		*arrived = graphql.GetOperationContext(ctx).Variables
		return fine(ctx)
	}})
	srv.AddTransport(transport.Multipart{Limits: limits, UploadBytes: 1 << 20, UploadMemory: 1 << 12, Files: 3,
		Admit: func(context.Context) (func(), *gqlerror.Error) { return func() {}, nil }})
	srv.AddTransport(transport.HTTP{Limits: limits})
	return srv, arrived
}

// checkAnswer checks what is true of every answer: a status that fits, and a JSON object
// with data or with errors that have a code and a message.
func checkAnswer(t *testing.T, w *httptest.ResponseRecorder, request string) {
	t.Helper()
	var a struct {
		Data   json.RawMessage
		Errors []struct {
			Message    string
			Extensions struct{ Code string }
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatalf("the answer %q is no JSON: %v", w.Body, err)
	}
	switch {
	case w.Code == http.StatusInternalServerError || w.Code < 200 || w.Code > 499:
		t.Fatalf("status %d for %q", w.Code, request)
	case len(a.Data) == 0 && len(a.Errors) == 0:
		t.Fatalf("neither data nor errors: %s", w.Body)
	case w.Code >= 400 && len(a.Errors) == 0:
		t.Fatalf("status %d without errors", w.Code)
	}
	for _, e := range a.Errors {
		if e.Message == "" || e.Extensions.Code == "" {
			t.Fatalf("an error without message or code: %s", w.Body)
		}
	}
	if len(a.Data) == 0 && strings.Contains(w.Body.String(), secretWord) && !inQuery(request) {
		t.Fatalf("a secret comes back: %s", w.Body)
	}
}

// inQuery reports whether the secret may be part of the document. A syntax error shows a
// word of the document.
func inQuery(request string) bool {
	at := strings.Index(request, secretWord)
	return strings.LastIndex(request[:max(at, 0)], "variables") < 0
}

// FuzzPost changes the body of a POST.
func FuzzPost(f *testing.F) {
	for _, body := range []string{
		`{"query":"query($any: Any) { ok(any: $any) }","variables":{"any":"` + secretWord + `"}}`,
		`{"query":"{ ok }","variables":{"any":"` + secretWord + `"`, `{"variables":{"any":"` + secretWord + `"},"query":1}`,
		`{"query":"{ ok }","variables":["` + secretWord + `"]}`,
		`{"query":"{ ok }","operationName":"A","extensions":{"persistedQuery":{"version":1}}}`, `[{"query":"{ ok }"}]`, `{"query":"{ ok }"} {"query":"{ ok }"}`, "", "null", `{"query":null}`, "\xff", "{\"query\":\"{ ok }\",\"variables\":{\"a\":1e999}}", `{"query":"{ ok }","query":"mutation { ok }"}`, `{"QUERY":"{ ok }"}`, strings.Repeat("[", 5000), `{"query":"subscription { ok }"}`, `{"query":"{ a: ok b: ok }","variables":` + strings.Repeat(`{"a":`, 300) + "1" + strings.Repeat("}", 300) + "}",
	} {
		f.Add(body, "application/json", acceptResult)
		f.Add(body, "application/json; charset=utf-16", "*/*;q=0")
	}
	srv, arrived := decoding()
	f.Fuzz(func(t *testing.T, body, media, accept string) {
		*arrived = nil
		r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
		r.Header.Set(contentType, media)
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		srv.ServeHTTP(w, r)
		checkAnswer(t, w, body)
		// What a resolver gets is what the body says.
		var sent struct{ Variables map[string]any }
		if len(*arrived) > 0 && json.Unmarshal([]byte(body), &sent) == nil && len(sent.Variables) == 0 {
			t.Fatalf("variables %v that nobody sent", *arrived)
		}
	})
}

// FuzzGet changes the address of a GET.
func FuzzGet(f *testing.F) {
	f.Add("query=" + url.QueryEscape("{ ok }"))
	f.Add("query=" + url.QueryEscape("mutation { ok }"))
	f.Add("query=%7B+ok+%7D&variables=" + url.QueryEscape(`{"any":"`+secretWord+`"}`) + "&operationName=&extensions=null")
	f.Add("query=%&variables=" + secretWord)
	f.Add("query=%7B+ok+%7D&query=%7B+no+%7D;variables=1")
	srv, _ := decoding()
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest(http.MethodGet, "/graphql", nil)
		r.URL.RawQuery = query
		w := httptest.NewRecorder()
		srv.ServeHTTP(w, r)
		checkAnswer(t, w, query)
		if values, err := url.ParseQuery(query); err == nil &&
			strings.HasPrefix(strings.TrimSpace(values.Get("query")), "mutation") && w.Code == http.StatusOK &&
			strings.Contains(w.Body.String(), `"data"`) {
			t.Fatalf("a link changes something: %s", query)
		}
	})
}

// FuzzMultipart changes the parts of a form and the form itself.
func FuzzMultipart(f *testing.F) {
	const mutation = `{"query":"mutation($file: Upload) { ok(file: $file) }","variables":{"file":null}}`
	for _, c := range [][3]string{
		{mutation, `{"0":["variables.file"]}`, "content"},
		{mutation, `{"0":["variables.file","variables.file"]}`, ""},
		{mutation, `{"0":["variables"]}`, "x"},
		{mutation, `{"0":["variables.file.0.-1"]}`, "x"},
		{`{"query":"mutation($any: Any) { ok(any: $any) }","variables":{"any":[null,{"a":null}]}}`, `{"0":["variables.any.1.a"]}`, strings.Repeat("x", 10_000)},
		{`{`, `{}`, secretWord}, {mutation, `{"0":null}`, ""}, {mutation, `[]`, ""},
	} {
		f.Add(c[0], c[1], c[2], "")
	}
	f.Add(mutation, `{"0":["variables.file"]}`, "content",
		"--x\r\nContent-Disposition: form-data; name=operations\r\n\r\n")
	srv, arrived := decoding()
	f.Fuzz(func(t *testing.T, operations, places, content, raw string) {
		*arrived = nil
		media, body := form("operations", operations, "map", places, "0", content)
		if raw != "" {
			media, body = "multipart/form-data; boundary=x", io.MultiReader(strings.NewReader(raw), body)
		}
		r := httptest.NewRequest(http.MethodPost, "/graphql", body)
		r.Header.Set(contentType, media)
		w := httptest.NewRecorder()
		srv.ServeHTTP(w, r)
		checkAnswer(t, w, operations+places)
		// A file that reaches a resolver is the one that was sent.
		if upload, is := (*arrived)["file"].(graphql.Upload); is && raw == "" {
			if upload.Size != int64(len(content)) || upload.Filename != "name0.csv" {
				t.Fatalf("a file of %d bytes arrives as %s with %d", len(content), upload.Filename, upload.Size)
			}
		}
	})
}
