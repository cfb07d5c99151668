package main_test

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// examples are the clients of docs/clients, and what runs each in its folder.
var examples = []struct {
	name, folder string
	command      []string
}{
	{"apollo", ".", []string{"npm", "run", "--silent", "apollo"}},
	{"urql", ".", []string{"npm", "run", "--silent", "urql"}},
	{"relay", ".", []string{"npm", "run", "--silent", "relay"}},
	{"tanstack", ".", []string{"npm", "run", "--silent", "tanstack"}},
	{"genqlient", "genqlient", []string{"go", "run", "."}},
}

// steps are what each client says on its way from the notice to 0 and back.
const steps = 7

// TestTheExampleClientsDoTheMainJob runs the clients of docs/clients against one server,
// each at a school of its own.
func TestTheExampleClientsDoTheMainJob(t *testing.T) {
	t.Parallel()
	folder := exampleFolder(t)
	eachInstallation(t, func(t *testing.T, in installation) {
		in.run("seed", "--students", "3000")
		server := in.start("serve", "--log-level", "warn")
		admin := signIn(t, server.address, "district@example.com", samplePassword)
		schools := admin.schools()
		if len(schools) < len(examples) {
			t.Fatalf("the sample has %d schools", len(schools))
		}
		for i, e := range examples {
			t.Run(e.name, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				command := exec.CommandContext(ctx, e.command[0], e.command[1:]...)
				command.Dir = filepath.Join(folder, e.folder)
				command.Env = append(os.Environ(), "HOMEROOM_URL="+server.address+"/graphql", "HOMEROOM_TOKEN="+admin.token,
					"HOMEROOM_ORGANIZATION="+schools[i])
				out, err := command.CombinedOutput()
				if n := strings.Count(string(out), "ok: "); err != nil || n != steps {
					t.Errorf("%d of %d steps, and then %v:\n%s", n, steps, err, out)
				}
			})
		}
	})
}

// schools returns the ids of the schools of the person's district.
func (c *client) schools() (ids []string) {
	c.t.Helper()
	var data struct {
		Organization struct{ Children []struct{ ID string } }
	}
	c.ask(`query ($id: ID!) { organization(id: $id) { children { id } } }`, variables{"id": c.organization}, &data)
	for _, school := range data.Organization.Children {
		ids = append(ids, school.ID)
	}
	return ids
}

// exampleFolder returns a copy of docs/clients with the packages that it needs and the code
// that its tools make.
func exampleFolder(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		dbtest.Lacks(t, "%v: install node 18 or later with npm, or run this by .ci/with-node", err)
	}
	root := t.TempDir()
	folder, from := filepath.Join(root, "docs", "clients"), os.DirFS(filepath.Join("..", "..", "docs", "clients"))
	schema, err := os.ReadFile(filepath.Join("..", "..", "schema.graphql"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "schema.graphql"), schema, 0o600); err != nil {
		t.Fatal(err)
	}
	// A developer has packages and made code there as well.
	err = fs.WalkDir(from, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "__generated__") {
			return fs.SkipDir
		}
		to := filepath.Join(folder, path)
		if d.IsDir() {
			return os.MkdirAll(to, 0o700)
		}
		content, err := fs.ReadFile(from, path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, content, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, prepare := range [][]string{
		{".", "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"},
		{".", "npm", "run", "compile"},
		{"genqlient", "go", "generate"},
	} {
		command := exec.Command(prepare[1], prepare[2:]...)
		command.Dir = filepath.Join(folder, prepare[0])
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(prepare[1:], " "), err, out)
		}
	}
	return folder
}
