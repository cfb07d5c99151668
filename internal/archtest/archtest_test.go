// Package archtest_test holds the direction of the imports.
package archtest_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// layers are the packages from the outside to the inside; a package imports only
// packages of its own layer that are listed in edges, and those further inside.
var layers = [][]string{
	{"cmd/homeroom"},
	{"internal/app"},
	{"internal/dashboard/picture", "internal/dashboard/speed"},
	{"internal/mutant"},
	{"graph", "internal/httpd"},
	{"graph/limit", "graph/live", "graph/trail"},
	{"graph/problem"},
	{"graph/document", "graph/share"},
	{"graph/loader", "graph/transport", "graph/generated", "graph/model", "graph/scalar", "graph/selection", "internal/dashboard",
		"internal/httpd/page", "internal/sso"},
	{"internal/doctor", "internal/download", "internal/export", "internal/job/catalog", "internal/notify", "internal/operation", "internal/privacy", "internal/sample"},
	{"internal/job"},
	// A kind imports no other kind.
	{"internal/job/educator", "internal/job/enrollment", "internal/job/group", "internal/job/school", "internal/job/student"},
	{"internal/job/actor", "internal/job/progress", "internal/job/reader", "internal/job/scale", "internal/job/trace"},
	{"internal/job/cause", "internal/job/original", "internal/job/queue"},
	{"internal/job/budget", "internal/job/vault"},
	{"internal/job/columns", "internal/job/kind", "internal/job/newgroup", "internal/job/state",
		"internal/job/teaching"},
	{"internal/job/reach"},
	{"internal/job/absence"},
	{"internal/job/sheet"},
	{"internal/job/row"},
	{"internal/identity", "internal/roster", "internal/usage"},
	{"internal/lease", "internal/passwd", "internal/probe", "internal/role", "internal/setting"},
	{"internal/credential"},
	{"internal/hold"},
	{"internal/audit", "internal/config"},
	{"internal/database/bulk"},
	{"internal/database"},
	{"ent/migrations"},
	{"ent/db"},
	{"internal/field"},
	{"internal/table"},
	{"internal/workbook"},
	{"internal/accept", "internal/ahead", "internal/allowance", "internal/calendar", "internal/csvfile", "internal/factor", "internal/fault", "internal/fold", "internal/globalid", "internal/grade", "internal/mail", "internal/page", "internal/seal", "internal/turn", "internal/viewer"},
	{"internal/quote"},
}

// edges are the imports inside of a layer, each with its reason.
var edges = map[string]string{
	"graph/generated -> graph/model":        "the executable schema fills the models",
	"graph/generated -> graph/scalar":       "and writes the scalars",
	"internal/download -> internal/export":  "a list of students is a download",
	"internal/download -> internal/notify":  "and so is the list behind the notice",
	"internal/download -> internal/privacy": "and so is the record of a student",
	"internal/notify -> internal/export":    "the list behind the notice is written as every list of students",
	"internal/identity -> internal/roster":  "names are cleaned and checked in one place",
	"internal/role -> internal/setting":     "how many people may be taken away within a day is a setting",
	"internal/sso -> internal/httpd/page":   "a sign-in that is refused ends at a page",
	"internal/page -> internal/fault":       "a bad cursor is an error for people",
}

// testOnly are packages that no other package may import outside of its tests.
var testOnly = []string{"internal/archtest", "internal/contract", "internal/dbtest", "internal/factortest",
	"internal/fixture", "internal/testlog"}

// forbidden are imports that a package must not have, each with its reason.
var forbidden = []struct{ pkg, imported, why string }{
	{"internal/viewer", ".", "viewer is read by every layer and depends on the standard library alone"},
	{"internal/csvfile", "entgo.io", "the reader of files knows no database"},
	{"graph", "database/sql", "a resolver asks a service or a loader"},
	{"graph", "entgo.io/ent/dialect", "a resolver writes no SQL"},
	{"internal/job/educator", "github.com/openhomeroom/homeroom/internal/job/queue", "a kind of row knows nothing of leases"},
	{"internal/job/educator", "github.com/openhomeroom/homeroom/internal/job/vault", "a kind of row knows nothing of what is encrypted"},
	{"internal/job/enrollment", "github.com/openhomeroom/homeroom/internal/job/queue", "a kind of row knows nothing of leases"},
	{"internal/job/enrollment", "github.com/openhomeroom/homeroom/internal/job/vault", "a kind of row knows nothing of what is encrypted"},
	{"internal/job/group", "github.com/openhomeroom/homeroom/internal/job/queue", "a kind of row knows nothing of leases"},
	{"internal/job/group", "github.com/openhomeroom/homeroom/internal/job/vault", "a kind of row knows nothing of what is encrypted"},
	{"internal/job/school", "github.com/openhomeroom/homeroom/internal/job/queue", "a kind of row knows nothing of leases"},
	{"internal/job/school", "github.com/openhomeroom/homeroom/internal/job/vault", "a kind of row knows nothing of what is encrypted"},
	{"internal/job/student", "github.com/openhomeroom/homeroom/internal/job/queue", "a kind of row knows nothing of leases"},
	{"internal/job/student", "github.com/openhomeroom/homeroom/internal/job/vault", "a kind of row knows nothing of what is encrypted"},
}

type pkg struct {
	ImportPath string
	Imports    []string
	GoFiles    []string
}

func TestImportsRunOneWay(t *testing.T) {
	t.Parallel()
	depth := map[string]int{}
	for i, layer := range layers {
		for _, p := range layer {
			depth[p] = i
		}
	}
	used := map[string]bool{}
	for _, p := range packages(t) {
		from := family(p.ImportPath)
		at, known := depth[from]
		if !known {
			continue
		}
		for _, imported := range p.Imports {
			if !strings.HasPrefix(imported, "github.com/openhomeroom/homeroom/") {
				continue
			}
			to := family(imported)
			for _, only := range testOnly {
				if to == only {
					t.Errorf("%s imports %s, which is for tests", from, to)
				}
			}
			below, known := depth[to]
			edge := from + " -> " + to
			switch {
			case from == to || !known:
			case below < at:
				t.Errorf("%s: imports run from the outside to the inside", edge)
			case below == at && edges[edge] == "":
				t.Errorf("%s: an edge inside of a layer that is not listed", edge)
			case below == at:
				used[edge] = true
			}
		}
	}
	for edge, why := range edges {
		if !used[edge] {
			t.Errorf("%s (%s) is listed and does not exist", edge, why)
		}
	}
}

func TestEveryPackageHasALayer(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"ent": true, "ent/schema": true, "ent/rule": true, "ent/migrations/diff": true}
	for _, layer := range layers {
		for _, p := range layer {
			known[p] = true
		}
	}
	for _, p := range testOnly {
		known[p] = true
	}
	for _, p := range packages(t) {
		if len(p.GoFiles) > 0 && !known[family(p.ImportPath)] {
			t.Errorf("%s stands in no layer", p.ImportPath)
		}
	}
}

func TestForbiddenImports(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for _, rule := range forbidden {
			if strings.TrimPrefix(p.ImportPath, "github.com/openhomeroom/homeroom/") != rule.pkg {
				continue
			}
			for _, imported := range p.Imports {
				thirdParty := rule.imported == "." && strings.Contains(imported, ".")
				own := rule.imported == "." && strings.HasPrefix(imported, "github.com/openhomeroom/homeroom/")
				if thirdParty || own || rule.imported != "." && strings.HasPrefix(imported, rule.imported) {
					t.Errorf("%s imports %s: %s", rule.pkg, imported, rule.why)
				}
			}
		}
	}
}

// family is the package as the layers name it; what ent generates is one.
func family(importPath string) string {
	path := strings.TrimPrefix(importPath, "github.com/openhomeroom/homeroom/")
	if strings.HasPrefix(path, "ent/db/") {
		return "ent/db"
	}
	return path
}

func packages(t *testing.T) []pkg {
	t.Helper()
	command := exec.Command("go", "list", "-json=ImportPath,Imports,GoFiles", "github.com/openhomeroom/homeroom/...")
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []pkg
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}
