package graph_test

import (
	"testing"

	"github.com/openhomeroom/homeroom/graph"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// TestTheEntriesOfAllListsAreCounted asks for lists whose length the request does not
// limit, and which have more rows than estimated.
func TestTheEntriesOfAllListsAreCounted(t *testing.T) {
	t.Parallel()
	s := newServer(t, dbtest.Open(t, database.SQLite), func(l *graph.Limits) { l.Entries = 4 })
	few := `viewer { organizations { id } }`
	for query, code := range map[string]string{
		"{ " + few + " }":                   "",
		"{ a: " + few + " b: " + few + " }": "TOO_COMPLEX",
		"{ a: " + few + " viewer { sessions { id } roles { role } } }":           "TOO_COMPLEX",
		"{ organizations: viewer { organizations { children { id } } } }":        "TOO_COMPLEX",
		"{ groups { edges { node { id } } nodes { id } } }":                      "TOO_COMPLEX",
		`mutation { revokeSession(id: "x") { revokedIds userErrors { code } } }`: "",
		`{ __schema { types { name } } }`:                                        "TOO_COMPLEX",
	} {
		if a := s.ask(t, s.DistrictAdmin, query, nil); a.code() != code {
			t.Errorf("%s: got %+v, want %q", query, a, code)
		}
	}
	// A change that was made must not be reported as refused.
	s.Student(t, s.North, "Ada", "Lovelace", 600, s.Algebra)
	s.Student(t, s.North, "Bob", "Other", 600, s.Algebra)
	other := newServerOf(t, s.World, func(l *graph.Limits) { l.Entries = 1 })
	a := other.ask(t, other.DistrictAdmin, s.names(nil).Replace(`mutation {
		updateGroup(input: {id: "{{Algebra}}", name: "Other"}) { group { students { nodes { id } } } }
	}`), nil)
	if a.code() != string(database.Uncertain) {
		t.Errorf("got %+v", a)
	}
}
