package main_test

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheDemoKeepsWhatIsChangedUntilItStartsOver(t *testing.T) {
	t.Parallel()
	in := installation{t: t, folder: t.TempDir()}
	s := in.start("demo", "--data", "sample")
	for _, part := range []string{"/graphiql   GraphiQL", `the password "homeroom"`, "district@example.com",
		"teacher@example.com", "--data sample FILE.csv"} {
		if !strings.Contains(s.said.String(), part) {
			t.Errorf("the greeting lacks %q:\n%s", part, s.said)
		}
	}
	admin := signIn(t, s.address, "district@example.com", "homeroom")
	n := admin.notice()
	if n.Count != 312 {
		t.Fatalf("the notice of the demo says %d, and every text about it says 312", n.Count)
	}

	// The command of the greeting, while the demo runs
	rows := download(t, *n.CSVURL)
	fillIn(t, rows, admin.usableGroups())
	var file bytes.Buffer
	if err := csv.NewWriter(&file).WriteAll(append([][]string{exported}, rows...)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(in.folder, "filled-in.csv"), file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	said := in.run("import", "--data", "sample", "--show", "500", "filled-in.csv")
	if !strings.Contains(said, "updated 312, unchanged 0, refused 0; enrollments: 312 added") {
		t.Error(said)
	}
	// Only one column was filled in, so nothing else may change, whatever the
	// names look like.
	for line := range strings.Lines(said) {
		if strings.HasPrefix(line, "  row ") && !strings.Contains(line, ": Classes/Groups: ") {
			t.Errorf("changes more than was filled in: %s", line)
		}
	}
	if n := admin.notice(); n.Count != 0 {
		t.Errorf("the notice says %d", n.Count)
	}
	s.stop()

	s = in.start("demo", "--data", "sample")
	if n := signIn(t, s.address, "district@example.com", "homeroom").notice(); n.Count != 0 {
		t.Errorf("after the demo was started again the notice says %d", n.Count)
	}
	s.stop()
	const page = "http://localhost:3000"
	s = in.start("demo", "--data", "sample", "--fresh", "--allowed-origins", page)
	for origin, want := range map[string]string{page: page, "http://localhost:3001": ""} {
		request, err := http.NewRequest(http.MethodOptions, s.address+"/graphql", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Origin", origin)
		request.Header.Set("Access-Control-Request-Method", http.MethodPost)
		request.Header.Set("Access-Control-Request-Headers", "authorization,content-type")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if got := response.Header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("a page of %s: %v", origin, response.Header)
		}
	}
	if n := signIn(t, s.address, "district@example.com", "homeroom").notice(); n.Count != 312 {
		t.Errorf("after the demo was started over the notice says %d", n.Count)
	}
	s.stop()
}
