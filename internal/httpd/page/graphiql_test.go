package page_test

import (
	"encoding/json"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/httpd/page"
)

func TestWhoMaySeeGraphiQL(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		access page.Access
		status int
		has    string
		hasNot string
	}{
		"a visitor who is not signed in gets the form":    {page.SignedOut, http.StatusOK, `id="sign-in"`, "graphiql.min.js"},
		"a teacher is refused and can sign out":           {page.SignedIn, http.StatusForbidden, `id="sign-out"`, "graphiql.min.js"},
		"an administrator gets the editor":                {page.Administrator, http.StatusOK, "graphiql.min.js", `id="sign-in"`},
		"a value nobody knows counts as not signed in":    {page.Access(99), http.StatusOK, `id="sign-in"`, "graphiql.min.js"},
		"the zero value of access shows the least":        {0, http.StatusOK, `id="sign-in"`, "graphiql.min.js"},
		"who needs a second factor is sent to set one up": {page.BeforeSecondFactor, http.StatusSeeOther, "/account/security?return=/graphiql", "graphiql.min.js"},
		"an administrator can sign out from the editor":   {page.Administrator, http.StatusOK, `id="sign-out"`, `id="sign-in"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := get(t, graphiqlFor(c.access), "/graphiql")
			if answer.Code != c.status {
				t.Errorf("the status is %d, want %d", answer.Code, c.status)
			}
			if body := answer.Body.String(); !strings.Contains(body, c.has) || strings.Contains(body, c.hasNot) {
				t.Errorf("the page should have %s and not %s", c.has, c.hasNot)
			}
		})
	}
}

func TestAccessIsAskedWithTheRequest(t *testing.T) {
	t.Parallel()
	handler := page.GraphiQL("/graphql", func(r *http.Request) page.Access {
		if r.URL.Query().Has("administrator") {
			return page.Administrator
		}
		return page.SignedOut
	})
	if body := get(t, handler, "/graphiql?administrator").Body.String(); !strings.Contains(body, "graphiql.min.js") {
		t.Error("the request did not reach the function that knows the visitor")
	}
}

func TestTheSignInFormWorksWithAPasswordManagerAndAScreenReader(t *testing.T) {
	t.Parallel()
	body := get(t, graphiqlFor(page.SignedOut), "/graphiql").Body.String()
	for _, part := range []string{
		`<label for="email">`, `<label for="password">`, `autocomplete="username"`, `autocomplete="current-password"`,
		`role="alert"`, `method="post"`, "<noscript>",
	} {
		if !strings.Contains(body, part) {
			t.Errorf("the form lacks %s", part)
		}
	}
}

func TestPagesSendOperationsToTheGivenEndpoint(t *testing.T) {
	t.Parallel()
	for _, access := range []page.Access{page.SignedOut, page.SignedIn, page.Administrator} {
		handler := page.GraphiQL("/api/graphql", func(*http.Request) page.Access { return access })
		if body := get(t, handler, "/graphiql").Body.String(); !strings.Contains(body, `data-endpoint="/api/graphql"`) {
			t.Errorf("the page for access %d names another endpoint", access)
		}
	}
}

func TestTheEditorCarriesTheExamples(t *testing.T) {
	t.Parallel()
	body := get(t, graphiqlFor(page.Administrator), "/graphiql").Body.String()
	found := regexp.MustCompile(`(?s)<script type="application/json" id="examples"[^>]*>(.*?)</script>`).
		FindStringSubmatch(body)
	if found == nil {
		t.Fatal("the page has no examples")
	}
	var examples []page.Example
	if err := json.Unmarshal([]byte(html.UnescapeString(found[1])), &examples); err != nil {
		t.Fatalf("the examples are not JSON: %v", err)
	}
	if len(examples) != len(page.Examples()) {
		t.Errorf("the page has %d examples, want %d", len(examples), len(page.Examples()))
	}
}

func TestUnknownPathsBelowGraphiQLAreNotFound(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/graphiql/x", "/graphiqlx", "/graphiql/assets", "/"} {
		if answer := get(t, graphiqlFor(page.Administrator), path); answer.Code != http.StatusNotFound {
			t.Errorf("%s answers %d, want 404", path, answer.Code)
		}
	}
}
