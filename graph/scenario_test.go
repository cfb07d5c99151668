package graph_test

import (
	"encoding/json"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
)

// TestScenarios runs the files of testdata/scenario, each on its own district with six
// students: Ada and Ben of North in no group (Ada active), Cleo in Algebra and Biology,
// Dan in Synced, Sam of South in no group and active, and Eve of East, in another
// district, in no group and active.
//
// A file is a txtar archive. Its comment has lines "as: CALLER", "with: Vera" for a
// student of North who is in South's Chemistry, and "statements: N", the number of SQL
// statements that the last operation takes, whatever the size of the district. The files
// are operation.graphql, variables.json (optional) and answer.json; several operations are
// numbered: 1.graphql, 1.json, 1.answer.json. {{Name}} stands for an id, and {{Job1}} for
// the id of the first bulk job. With "jobs: run" the jobs are processed after each
// operation.
func TestScenarios(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/scenario/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d scenarios, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			dbtest.Each(t, func(t *testing.T, d *database.DB) { runScenario(t, d, archive) })
		})
	}
}

func runScenario(t *testing.T, d *database.DB, archive *txtar.Archive) {
	s := newServer(t, d)
	settings := map[string]string{}
	for line := range strings.Lines(string(archive.Comment)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			settings[name] = value
		}
	}
	if settings["with"] == "Vera" {
		s.Student(t, s.North, "Vera", "Both", 0, s.Chemistry)
	}
	replace := s.names(map[string]string{
		"Ada":  studentID(s.Student(t, s.North, "Ada", "Lovelace", 600)),
		"Ben":  studentID(s.Student(t, s.North, "Ben", "Żak", 30)),
		"Cleo": studentID(s.Student(t, s.North, "Cleo", "de la Cruz", 7200, s.Algebra, s.Biology)),
		"Dan":  studentID(s.Student(t, s.North, "Dan", "Synced", 60, s.Synced)),
		"Sam":  studentID(s.Student(t, s.South, "Sam", "South", 600)),
		"Eve":  studentID(s.Student(t, s.East, "Eve", "East", 600)),
		"Job1": globalid.Encode(globalid.BulkJob, 1), "Job2": globalid.Encode(globalid.BulkJob, 2),
	})
	who, known := s.callers()[settings["as"]]
	if !known {
		t.Fatalf("%q is nobody who may ask", settings["as"])
	}
	content := map[string]string{}
	for _, f := range archive.Files {
		content[f.Name] = replace.Replace(string(f.Data))
	}
	for i := 1; content[strconv.Itoa(i)+".graphql"] != ""; i++ {
		prefix := strconv.Itoa(i)
		variables := map[string]any{}
		if text := content[prefix+".json"]; text != "" {
			if err := json.Unmarshal([]byte(text), &variables); err != nil {
				t.Fatal(err)
			}
		}
		if who != nil {
			s.token(t, who)
		}
		got := s.ask(t, who, content[prefix+".graphql"], variables)
		want := content[prefix+".answer.json"]
		compare(t, prefix, want, got)
		if settings["jobs"] == "run" {
			if err := s.importer.Drain(fixture.System()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if want, err := strconv.Atoi(settings["statements"]); err == nil && s.statements.Load() != int64(want) {
		t.Errorf("the operation took %d statements; want %d", s.statements.Load(), want)
	}
}

func compare(t *testing.T, name, wantText string, got answer) {
	t.Helper()
	var want any
	if err := json.Unmarshal([]byte(wantText), &want); err != nil {
		t.Fatalf("%s.answer.json: %v", name, err)
	}
	shown := map[string]any{}
	if got.Data != nil {
		shown["data"] = got.Data
	}
	for _, e := range got.Errors {
		codes, _ := shown["errors"].([]any)
		shown["errors"] = append(codes, e.Extensions["code"])
	}
	if diff := cmp.Diff(want, any(shown)); diff != "" {
		text, _ := json.MarshalIndent(got, "", "  ")
		t.Errorf("answer %s differs (-want +got):\n%s\n%s", name, diff, text)
	}
}
