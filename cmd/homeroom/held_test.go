package main_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheMutationThatTheImportPrintsApproves has the operator import what changes
// most students, and a second administrator send what the command has printed.
func TestTheMutationThatTheImportPrintsApproves(t *testing.T) {
	t.Parallel()
	eachInstallation(t, func(t *testing.T, in installation) {
		in.run("seed", "--students", "60")
		s := in.start("serve", "--log-level", "warn")
		admin := signIn(t, s.address, "district@example.com", "homeroom")
		var found struct {
			Students struct {
				Nodes []struct{ ID string }
			}
		}
		admin.ask(`query ($id: ID!) { students(organizationId: $id, first: 100) { nodes { id } } }`,
			variables{"id": admin.organization}, &found)
		rows := [][]string{{"Database ID", "First Name"}}
		for _, st := range found.Students.Nodes {
			rows = append(rows, []string{st.ID, "Renamed"})
		}
		if err := os.WriteFile(filepath.Join(in.folder, "students.csv"), csvOf(rows), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := in.command("import", "--kind", "students", "students.csv")
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		var exit *exec.ExitError
		if err := cmd.Run(); !errors.As(err, &exit) || exit.ExitCode() != 3 {
			t.Fatalf("%v\n%s", err, &out)
		}
		mutation := regexp.MustCompile(`mutation \{.*\}`).FindString(out.String())
		id := regexp.MustCompile(`job_\d+`).FindString(mutation)
		if _, answer := admin.text(mutation); !strings.Contains(answer, `"status":"PROCESSING"`) {
			t.Fatalf("%s: %s", mutation, answer)
		}
		if done := admin.wait(jobPayload{Job: &job{ID: id, Status: "PROCESSING"}}, "COMPLETED"); done.Counts.Updated == 0 {
			t.Errorf("%+v", done.Counts)
		}

		// What somebody else has submitted, the operator approves.
		for _, row := range rows[1:] {
			row[1] = "Again"
		}
		waits := admin.wait(admin.submitFile("again.csv", csvOf(rows)), "READY")
		cmd = in.command("job", "start", waits.ID)
		out.Reset()
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Run(); !errors.As(err, &exit) || exit.ExitCode() != 3 ||
			!strings.Contains(out.String(), "administrator: homeroom job start "+waits.ID+"\n") {
			t.Fatalf("%v\n%s", err, &out)
		}
		if said := in.run("job", "start", waits.ID); !strings.Contains(said, "COMPLETED, 100 %") {
			t.Error(said)
		}
		s.stop()
	})
}
