package page_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/httpd/page"
)

// get asks a handler for one address and gives the answer.
func get(t *testing.T, handler http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
	return answer
}

// graphiqlFor is the handler as a visitor with the given access sees it.
func graphiqlFor(access page.Access) http.Handler {
	return page.GraphiQL("/graphql", func(*http.Request) page.Access { return access })
}

func home() http.Handler {
	return page.Home(page.Info{Version: "1.2.3", Database: "SQLite", Endpoint: "/graphql", GraphiQL: true})
}

// everyPage is each page by the name it has in test output.
func everyPage(t *testing.T) map[string]func() *httptest.ResponseRecorder {
	return map[string]func() *httptest.ResponseRecorder{
		"start page":   func() *httptest.ResponseRecorder { return get(t, home(), "/") },
		"sign-in":      func() *httptest.ResponseRecorder { return get(t, graphiqlFor(page.SignedOut), "/graphiql") },
		"refusal":      func() *httptest.ResponseRecorder { return get(t, graphiqlFor(page.SignedIn), "/graphiql") },
		"GraphiQL":     func() *httptest.ResponseRecorder { return get(t, graphiqlFor(page.Administrator), "/graphiql") },
		"set password": func() *httptest.ResponseRecorder { return get(t, page.SetPassword("/graphql"), page.PasswordPath) },
		"second factors": func() *httptest.ResponseRecorder {
			return get(t, page.Security("/graphql", func(*http.Request) bool { return true }), page.SecurityPath)
		},
		"second factors, signed out": func() *httptest.ResponseRecorder {
			return get(t, page.Security("/graphql", func(*http.Request) bool { return false }), page.SecurityPath)
		},
		"second step": func() *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			page.SecondStep("/graphql")(w, page.Step{Challenge: "c", Methods: []string{"TOTP"}}, "/graphiql")
			return w
		},
		"with a slash": func() *httptest.ResponseRecorder { return get(t, graphiqlFor(page.Administrator), "/graphiql/") },
	}
}

var (
	nonceInPolicy = regexp.MustCompile(`script-src 'nonce-([^']+)'`)
	scriptTag     = regexp.MustCompile(`<script[^>]*>`)
)

func TestEveryPageHasAStrictPolicy(t *testing.T) {
	t.Parallel()
	for name, show := range everyPage(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, second := show(), show()
			policy := first.Header().Get("Content-Security-Policy")
			for _, part := range []string{
				"default-src 'self'", "img-src 'self' data:", "font-src 'self' data:", "connect-src 'self'",
				"frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'", "object-src 'none'",
			} {
				if !strings.Contains(policy, part) {
					t.Errorf("the policy lacks %q: %s", part, policy)
				}
			}
			if strings.Contains(policy, "unsafe-eval") || strings.Count(policy, "unsafe-inline") > 1 {
				t.Errorf("the policy allows too much: %s", policy)
			}
			nonce, other := nonceInPolicy.FindStringSubmatch(policy), nonceInPolicy.FindStringSubmatch(
				second.Header().Get("Content-Security-Policy"))
			if nonce == nil || other == nil || len(nonce[1]) < 22 || nonce[1] == other[1] {
				t.Fatalf("the nonces of two responses are %q and %q, want two long ones that differ", nonce, other)
			}
			for _, tag := range scriptTag.FindAllString(first.Body.String(), -1) {
				if !strings.Contains(tag, `nonce="`+nonce[1]+`"`) {
					t.Errorf("the script %s has not the nonce of the response", tag)
				}
			}
			if regexp.MustCompile(`\son[a-z]+=`).MatchString(first.Body.String()) {
				t.Error("the page has an event handler as an attribute, which the policy stops")
			}
		})
	}
}

func TestEveryPageIsPrivateAndReadable(t *testing.T) {
	t.Parallel()
	for name, show := range everyPage(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := show()
			for header, want := range map[string]string{
				"Content-Type":           "text/html; charset=utf-8",
				"Cache-Control":          "no-store",
				"X-Content-Type-Options": "nosniff",
				"Referrer-Policy":        "same-origin",
			} {
				if got := answer.Header().Get(header); got != want {
					t.Errorf("%s is %q, want %q", header, got, want)
				}
			}
			body := answer.Body.String()
			for _, part := range []string{`<html lang="en"`, "<title>", `name="viewport"`, "<h1>", "<main"} {
				if !strings.Contains(body, part) {
					t.Errorf("the page lacks %s", part)
				}
			}
			if strings.Contains(body, "ZgotmplZ") {
				t.Error("the template engine has replaced a value that it takes for dangerous")
			}
		})
	}
}

func TestTheStartPageSaysWhatRunsHere(t *testing.T) {
	t.Parallel()
	answer := get(t, home(), "/")
	if answer.Code != http.StatusOK {
		t.Fatalf("the status is %d, want 200", answer.Code)
	}
	for _, part := range []string{
		"1.2.3", "SQLite", "POST /graphql", `href="/graphiql"`, `href="/healthz"`, `href="/readyz"`,
	} {
		if !strings.Contains(answer.Body.String(), part) {
			t.Errorf("the page lacks %q", part)
		}
	}
}

func TestTheStartPageEscapesWhatItIsGiven(t *testing.T) {
	t.Parallel()
	answer := get(t, page.Home(page.Info{Version: "<script>alert(1)</script>"}), "/")
	if strings.Contains(answer.Body.String(), "<script>") {
		t.Error("a version became a script")
	}
}

func TestTheStartPageAnswersForNoOtherPath(t *testing.T) {
	t.Parallel()
	if answer := get(t, home(), "/index.html"); answer.Code != http.StatusNotFound {
		t.Errorf("the status is %d, want 404", answer.Code)
	}
}

func TestPagesAreOnlyForReading(t *testing.T) {
	t.Parallel()
	for path, handler := range map[string]http.Handler{"/": home(), "/graphiql": graphiqlFor(page.SignedOut)} {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, path, strings.NewReader("password=x")))
		if answer.Code != http.StatusMethodNotAllowed || answer.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("POST %s answers %d, want 405 with what is allowed", path, answer.Code)
		}
	}
}
