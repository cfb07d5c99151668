package main_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// administrators is what an operator imports, so that somebody can sign in.
const administrators = `First Name,Last Name,Email,Password,Role
Ada,Admin,ada@example.com,a very long password,District Administrator
`

func TestStudentsOfAnInformationSystemAreUnassignedUntilTheirEnrollmentsCome(t *testing.T) {
	t.Parallel()
	eachInstallation(t, func(t *testing.T, in installation) {
		path := filepath.Join(in.folder, "administrators.csv")
		if err := os.WriteFile(path, []byte(administrators), 0o600); err != nil {
			t.Fatal(err)
		}
		in.run("import", sdsFile(t, "School"), sdsFile(t, "Section"), sdsFile(t, "Teacher"), sdsFile(t, "TeacherRoster"),
			sdsFile(t, "Student"), path)
		s := in.start("serve", "--log-level", "warn")
		admin := signIn(t, s.address, "ada@example.com", "a very long password")
		if n := admin.notice(); n.Count != 0 || n.CSVURL != nil {
			t.Errorf("the notice says %d before anybody used anything", n.Count)
		}

		ids := studentIDs(t)
		active := ids[:20]
		events := make([]variables, 0, 21)
		for _, id := range active {
			events = append(events, event(id, 60))
		}
		// One second short of being active
		events = append(events, event(ids[20], 59))
		if accepted, duplicates := admin.recordUsage(events); accepted != 21 || duplicates != 0 {
			t.Fatalf("%d events are accepted, %d known", accepted, duplicates)
		}
		if accepted, duplicates := admin.recordUsage(events); accepted != 0 || duplicates != 21 {
			t.Errorf("of the same events again %d are accepted, %d known", accepted, duplicates)
		}

		n := admin.notice()
		if n.Count != 20 || n.CSVURL == nil {
			t.Fatalf("the notice says %d", n.Count)
		}
		var listed []string
		for _, row := range download(t, *n.CSVURL) {
			listed = append(listed, row[1])
		}
		slices.Sort(listed)
		if !slices.Equal(listed, active) {
			t.Errorf("the file holds %v, want %v", listed, active)
		}

		// The server runs on while the operator imports.
		said := in.run("import", sdsFile(t, "StudentEnrollment"))
		if !strings.Contains(said, "602 added, 0 removed") {
			t.Error(said)
		}
		if n := admin.notice(); n.Count != 0 {
			t.Errorf("the notice says %d after the enrollments came", n.Count)
		}
		s.stop()
		if said := in.run("doctor"); !strings.Contains(said, "every derived number is correct") {
			t.Error(said)
		}
	})
}

func sdsFile(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(sds, name+".csv"))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// studentIDs are the Student IDs of the export, in order.
func studentIDs(t *testing.T) []string {
	t.Helper()
	file, err := os.Open(sdsFile(t, "Student"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, row := range rows[1:] {
		ids = append(ids, row[0])
	}
	slices.Sort(ids)
	return ids
}

func event(studentID string, seconds int) variables {
	return variables{
		"eventId": "first-" + studentID, "studentExternalId": studentID, "productCode": "MATH",
		"startedAt": time.Now().UTC().Format(time.RFC3339), "seconds": seconds,
	}
}

// recordUsage reports usage as a learning product does.
func (c *client) recordUsage(events []variables) (accepted, duplicates int) {
	c.t.Helper()
	var data struct {
		RecordUsage struct {
			Accepted, Duplicates int
			UserErrors           []refusal
		}
	}
	c.ask(`mutation ($input: RecordUsageInput!) { recordUsage(input: $input) { accepted duplicates userErrors { code
		message } } }`,
		variables{"input": variables{"organizationId": c.organization, "events": events}}, &data)
	if len(data.RecordUsage.UserErrors) > 0 {
		c.t.Fatal(fmt.Sprint(data.RecordUsage.UserErrors))
	}
	return data.RecordUsage.Accepted, data.RecordUsage.Duplicates
}
