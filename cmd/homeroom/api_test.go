package main_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/httpd/page"
)

// fetched is the status and the text of an answer.
func fetched(t *testing.T, answer *http.Response, err error) (int, string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func TestWithoutGraphiQLAndIntrospection(t *testing.T) {
	t.Parallel()
	in := installation{t: t, url: dbtest.URL(t, database.SQLite), folder: t.TempDir()}
	in.run("seed", "--students", "60")
	s := in.start("serve", "--dashboard=false", "--graphiql", "off", "--introspection", "off")
	answer, err := http.Get(s.address + "/graphiql")
	if status, text := fetched(t, answer, err); status != http.StatusNotFound {
		t.Errorf("GraphiQL answers %d %s", status, text)
	}
	answer, err = http.Get(s.address + "/")
	if _, text := fetched(t, answer, err); strings.Contains(text, "/graphiql") || !strings.Contains(text, "/readyz") {
		t.Errorf("the start page leads to GraphiQL: %s", text)
	}
	admin := signIn(t, s.address, "district@example.com", "homeroom")
	for query, want := range map[string]string{
		`{ __schema { description } }`:  "INTROSPECTION_DISABLED",
		`{ viewr { educator { id } } }`: "GRAPHQL_VALIDATION_FAILED",
	} {
		status, text := admin.text(query)
		if !strings.Contains(text, want) || strings.Contains(text, "Did you mean") {
			t.Errorf("%s: %d %s", query, status, text)
		}
	}
	s.stop()
}

// text sends an operation and returns the answer as it is.
func (c *client) text(query string) (int, string) {
	c.t.Helper()
	req, err := http.NewRequest(http.MethodPost, c.address+"/graphql",
		strings.NewReader(`{"query":`+strconv.Quote(query)+`}`))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+c.token)
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// TestThePagesOfAServerThatRunsOnlyRegisteredOperations sees them do what they do
// by themselves.
func TestThePagesOfAServerThatRunsOnlyRegisteredOperations(t *testing.T) {
	t.Parallel()
	in := installation{t: t, url: dbtest.URL(t, database.SQLite), folder: t.TempDir()}
	in.run("seed", "--students", "60")
	b := openBrowser(t)
	s := in.start("serve", "--operations", "registered")
	b.do(chromedp.Navigate(s.address + "/graphiql"))
	b.fillInForm("teacher@example.com", "homeroom")
	b.until("the name", `document.getElementById("who")?.textContent.includes("teacher@example.com")`)
	b.click("#sign-out")
	b.fillInForm("district@example.com", "homeroom")
	b.see(".graphiql-execute-button")
	b.until("the name", `document.getElementById("who").title === "district@example.com"`)
	b.until("the refusal of the schema",
		`document.querySelector(".result-window")?.textContent.includes("OPERATION_NOT_REGISTERED")`)
	s.stop()
}

func TestOnlyRegisteredOperations(t *testing.T) {
	t.Parallel()
	eachInstallation(t, func(t *testing.T, in installation) {
		in.run("seed", "--students", "60")
		s := in.start("serve", "--operations", "registered")
		var mutation string
		for _, document := range page.Operations() {
			if strings.Contains(document, "mutation SignIn") {
				mutation = document
			}
		}
		// The server's own form signs in with this.
		c := &client{t: t, address: s.address}
		var data struct {
			SignIn struct {
				Viewer struct{ Educator struct{ Name string } }
			}
		}
		c.ask(mutation, variables{"input": variables{"email": "district@example.com", "password": "homeroom"}}, &data)
		if data.SignIn.Viewer.Educator.Name == "" {
			t.Errorf("the form signs nobody in: %+v", data)
		}
		const document = `query Kind { __typename }`
		if _, text := c.text(document); !strings.Contains(text, "OPERATION_NOT_REGISTERED") {
			t.Errorf("before it is registered: %s", text)
		}
		file := filepath.Join(in.folder, "kind.graphql")
		if err := os.WriteFile(file, []byte(document), 0o600); err != nil {
			t.Fatal(err)
		}
		in.run("operations", "register", "--client", "test", file)
		if _, text := c.text(document); !strings.Contains(text, `{"data":{"__typename":"Query"}}`) {
			t.Errorf("when it is registered: %s", text)
		}
		s.stop()
	})
}
