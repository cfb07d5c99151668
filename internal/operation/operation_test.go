package operation_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/ent/db/registeredoperation"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/operation"
)

func query(name string) operation.Operation {
	return operation.Operation{
		Name:     name,
		Kind:     registeredoperation.KindQUERY,
		Document: "query " + name + " { __typename }",
	}
}

func TestRegister(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		ctx, now := fixture.System(), fixture.Today
		var mu sync.Mutex
		clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
		s := operation.New(d, clock)
		register := func(client string, names ...string) int {
			var list []operation.Operation
			for _, name := range names {
				list = append(list, query(name))
			}
			n, err := s.Register(ctx, client, list)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		found := func(name string) bool {
			document, ok, err := s.Find(t.Context(), operation.Hash(query(name).Document))
			if err != nil || ok && document != query(name).Document {
				t.Fatalf("%q, %v", document, err)
			}
			return ok
		}
		if n := register("app 1", "A", "B", "A"); n != 2 {
			t.Errorf("%d are new, want 2", n)
		}
		if n := register("app 1", "A", "B"); n != 0 {
			t.Errorf("the second time %d are new", n)
		}
		if n := register("app 2", "A"); n != 1 {
			t.Errorf("of another client %d are new", n)
		}
		if !found("A") || !found("B") || found("C") {
			t.Error("not the registered ones are found")
		}
		if list, err := s.List(ctx, ""); err != nil || len(list) != 3 || list[0].Name != "A" || list[2].Client != "app 2" {
			t.Errorf("the list is %v, %v", list, err)
		}
		if list, err := s.List(ctx, "app 2"); err != nil || len(list) != 1 {
			t.Errorf("the list of app 2 is %v, %v", list, err)
		}
		if n, err := s.Remove(ctx, "app 1", nil); n != 2 || err != nil {
			t.Errorf("removed %d, %v", n, err)
		}
		mu.Lock()
		now = now.Add(11 * time.Second)
		mu.Unlock()
		if !found("A") || found("B") {
			t.Error("what another client has is gone, or what nobody has is there")
		}
		if n, err := s.Remove(ctx, "", []string{operation.Hash(query("A").Document)}); n != 1 || err != nil {
			t.Errorf("removed %d, %v", n, err)
		}
		if n, err := s.Remove(ctx, "", nil); n != 0 || err == nil {
			t.Errorf("removed everything: %d", n)
		}
		if _, err := s.Register(ctx, " ", []operation.Operation{query("A")}); err == nil {
			t.Error("a client without a name")
		}
		if n := d.Client(ctx).AuditEvent.Query().
			Where(auditevent.ActionIn(string(audit.OperationsRegistered), string(audit.OperationsRemoved))).CountX(ctx); n != 4 {
			t.Errorf("%d entries in the audit trail, want 4", n)
		}
	})
}

func TestRead(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name string, content any) string {
		text, ok := content.(string)
		if !ok {
			encoded, err := json.Marshal(content)
			if err != nil {
				t.Fatal(err)
			}
			text = string(encoded)
		}
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	a, b := query("A").Document, query("B").Document
	apollo := func(id string, version int) any {
		return map[string]any{
			"format":     "apollo-persisted-query-manifest",
			"version":    version,
			"operations": []any{map[string]any{"id": id, "name": "A", "type": "query", "body": a}},
		}
	}
	write("src/a.graphql", a+"\n")
	write("src/deep/b.gql", b)
	write("src/readme.md", "nothing")
	write("src/manifest.json", map[string]string{operation.Hash(b): b})
	for name, c := range map[string]struct {
		path string
		// want are the documents, or what the error says.
		want []string
		bad  string
	}{
		"a document, to the byte":                    {write("one.graphql", a+"\n"), []string{a + "\n"}, ""},
		"a folder":                                   {filepath.Join(folder, "src"), []string{a + "\n", b, b}, ""},
		"a manifest of Apollo":                       {write("apollo.json", apollo(operation.Hash(a), 1)), []string{a}, ""},
		"a map of Relay":                             {write("relay.json", map[string]string{operation.Hash(a): a}), []string{a}, ""},
		"a map with another ending":                  {write("relay.txt", map[string]string{strings.ToUpper(operation.Hash(a)): a}), []string{a}, ""},
		"a manifest of a later version":              {write("later.json", apollo(operation.Hash(a), 2)), nil, "version 2"},
		"a manifest with other ids":                  {write("ids.json", apollo("1234", 1)), nil, "is not the SHA-256"},
		"a map with other ids":                       {write("md5.json", map[string]string{"0cc175b9c0f1b6a831c399e269772661": a}), nil, "is not the SHA-256"},
		"an empty map":                               {write("empty.json", map[string]string{}), nil, "holds no operation"},
		"another JSON":                               {write("list.json", []string{a}), nil, "neither a manifest"},
		"no JSON":                                    {write("broken.json", "{"), nil, "neither a manifest"},
		"a file that is not there":                   {filepath.Join(folder, "no"), nil, "cannot be read"},
		"a folder in which there is nothing of that": {filepath.Dir(write("docs/x.md", "x")), nil, "there is no file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list, err := operation.Read([]string{c.path})
			if c.bad != "" {
				if err == nil || !strings.Contains(err.Error(), c.bad) {
					t.Errorf("%v; want %q", err, c.bad)
				}
				return
			}
			var got []string
			for _, source := range list {
				got = append(got, source.Document)
			}
			if err != nil || fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%q, %v; want %q", got, err, c.want)
			}
		})
	}
}
