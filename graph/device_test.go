package graph_test

import (
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/testlog"
)

func TestABrowserIsKnownWhenItsSessionHasEnded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		// The client of the test server trusts it, and keeps no cookies yet.
		own, other := *s.http.Client(), *s.http.Client()
		own.Jar = jar
		ask := func(client *http.Client, operation string) string {
			t.Helper()
			resp, err := client.Post(s.http.URL+"/graphql", "application/json",
				strings.NewReader(`{"query":`+strconv.Quote(operation)+`}`))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			for _, c := range resp.Cookies() {
				testlog.Secret(c.Value)
				if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode && c.Name != "homeroom_session" {
					t.Errorf("the cookie %+v", c)
				}
			}
			var a answer
			if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
				t.Fatal(err)
			}
			return a.word()
		}
		signIn := func(client *http.Client, password string) string {
			t.Helper()
			return ask(client,
				`mutation { r: signIn(input: {email: "nora@example.com", password: "`+password+`"}) { userErrors { code } } }`)
		}
		if got := signIn(&own, password); got != ok {
			t.Fatalf("sign in: %s", got)
		}
		ask(&own, `mutation { signOut }`)
		address, err := url.Parse(s.http.URL + "/graphql")
		if err != nil {
			t.Fatal(err)
		}
		kept := jar.Cookies(address)
		if len(kept) != 1 || kept[0].Name != "homeroom_devices" {
			t.Fatalf("the browser keeps %v", kept)
		}
		for range 21 {
			if got := signIn(&other, "guess"); got == ok {
				t.Fatal("the wrong password is right")
			}
		}
		if got := signIn(&other, password); got != "RATE_LIMITED" {
			t.Errorf("in another browser: %s", got)
		}
		if got := signIn(&own, password); got != ok {
			t.Errorf("in the own browser: %s", got)
		}
		// What the browser keeps is no session.
		ask(&own, `mutation { signOut }`)
		if got := ask(&own, `{ viewer { educator { id } } }`); got != un {
			t.Errorf("without a session: %s", got)
		}
	})
}
