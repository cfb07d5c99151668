package graph_test

import (
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// TestARefusalSaysWhenToTryAgain has somebody guess until there is a time to wait.
func TestARefusalSaysWhenToTryAgain(t *testing.T) {
	t.Parallel()
	s := newServer(t, dbtest.Open(t, database.SQLite))
	guess := func() answer {
		return s.ask(t, nil, `mutation {
			r: signIn(input: {email: "nora@example.com", password: "wrong"}) { userErrors { code retryAfterSeconds } }
		}`, nil)
	}
	for range 10 {
		if a := guess(); a.word() != "WRONG_CREDENTIALS" || a.at("r.userErrors.0.retryAfterSeconds") != nil {
			t.Fatalf("got %+v", a)
		}
	}
	if a := guess(); a.word() != "RATE_LIMITED" || a.at("r.userErrors.0.retryAfterSeconds") != 60.0 {
		t.Errorf("got %+v", a)
	}
}
