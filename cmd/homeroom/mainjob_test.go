package main_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestTheMainJob(t *testing.T) {
	t.Parallel()
	eachInstallation(t, func(t *testing.T, in installation) {
		seeded := in.run("seed", "--students", "1500")
		s := in.start("serve", "--log-level", "warn")
		admin := signIn(t, s.address, "district@example.com", "homeroom")

		before := admin.notice()
		n := before.Count
		if n == 0 || !strings.Contains(seeded, fmt.Sprintf("; %d active students are in no group.", n)) ||
			before.CSVURL == nil {
			t.Fatalf("the notice says %d, and seed said %s", n, seeded)
		}
		rows := download(t, *before.CSVURL)
		if len(rows) != n {
			t.Fatalf("the file has %d rows, and the notice says %d", len(rows), n)
		}
		fillIn(t, rows, admin.usableGroups())

		verified := admin.upload(rows)
		planned := counts{Updated: n, EnrollmentsAdded: n}
		if verified.Counts != planned || verified.Problems.TotalCount != 0 || verified.Changes.TotalCount != n {
			t.Fatalf("verified: %+v, %d changes, problems %+v; want %+v", verified.Counts, verified.Changes.TotalCount,
				verified.Problems, planned)
		}
		for i, c := range verified.Changes.Nodes {
			if c.Row != i+1 || c.Field != "Classes/Groups" || c.After == nil ||
				*c.After != strings.ReplaceAll(rows[i][8], `\;`, ";") {
				t.Fatalf("change %d is %+v, want the group of row %q", i, c, rows[i])
			}
		}
		if got := admin.notice().Count; got != n {
			t.Errorf("the notice says %d before anything was started", got)
		}

		done := admin.process(verified.ID)
		if done.Progress.Percent != 100 || done.Progress.ProcessedRows != n || done.Progress.TotalRows != n ||
			done.Counts != planned {
			t.Errorf("done: %+v %+v", done.Progress, done.Counts)
		}
		if after := admin.notice(); after.Count != 0 || after.CSVURL != nil {
			t.Errorf("the notice still says %d", after.Count)
		}
		if left := download(t, *before.CSVURL); len(left) != 0 {
			t.Errorf("the file still has %d rows", len(left))
		}
		if left := admin.unassigned(); left != 0 {
			t.Errorf("the list still has %d students", left)
		}

		again := admin.upload(rows)
		nothing := counts{Unchanged: n}
		if again.Counts != nothing || again.Changes.TotalCount != 0 {
			t.Errorf("the same file again would do %+v", again.Counts)
		}
		if again = admin.process(again.ID); again.Counts != nothing || again.Progress.Percent != 100 {
			t.Errorf("the same file again did %+v, %+v", again.Counts, again.Progress)
		}

		refuseSecondServer(t, in, s.address)
		s.stop()
		if said := in.run("doctor"); !strings.Contains(said, "every derived number is correct") {
			t.Error(said)
		}
	})
}

// usableGroups returns for each school the name of a group that a file can name:
// one that no other group of the school has, and whose members are not the
// information system's.
func (c *client) usableGroups() map[string]string {
	c.t.Helper()
	var data struct {
		Groups struct {
			PageInfo struct{ HasNextPage bool }
			Nodes    []struct {
				Name         string
				Synced       bool
				Organization struct{ Name string }
			}
		}
	}
	c.ask(`query ($id: ID!) { groups(organizationId: $id, first: 500) {
		pageInfo { hasNextPage } nodes { name synced organization { name } } } }`, variables{"id": c.organization}, &data)
	if data.Groups.PageInfo.HasNextPage {
		c.t.Fatal("there are more groups than fit a page")
	}
	type name struct{ school, group string }
	times := map[name]int{}
	for _, g := range data.Groups.Nodes {
		times[name{g.Organization.Name, strings.ToLower(g.Name)}]++
	}
	usable := map[string]string{}
	for _, g := range data.Groups.Nodes {
		if times[name{g.Organization.Name, strings.ToLower(g.Name)}] == 1 && !g.Synced {
			usable[g.Organization.Name] = g.Name
		}
	}
	return usable
}

// fillIn fills in the one column that a downloaded file asks for.
func fillIn(t *testing.T, rows [][]string, groups map[string]string) {
	t.Helper()
	schools := map[string]bool{}
	for _, row := range rows {
		if row[5] != "" || row[8] != "" {
			t.Fatalf("the password or the group of %q is not blank", row)
		}
		group, ok := groups[row[7]]
		if !ok {
			t.Fatalf("no group of %s can be named in a file", row[7])
		}
		row[8] = strings.ReplaceAll(group, ";", `\;`)
		schools[row[7]] = true
	}
	if len(schools) < 2 {
		t.Error("the students are all of one school")
	}
}

// unassigned counts the active students without a group by the list.
func (c *client) unassigned() int {
	c.t.Helper()
	var data struct{ Students struct{ TotalCount int } }
	c.ask(`query ($id: ID!) { students(organizationId: $id, filter: {active: true, noGroups: true}) { totalCount } }`,
		variables{"id": c.organization}, &data)
	return data.Students.TotalCount
}

// refuseSecondServer starts another server at an address that is taken.
func refuseSecondServer(t *testing.T, in installation, address string) {
	t.Helper()
	address = strings.TrimPrefix(address, "http://")
	out, err := in.command("serve", "--addr", address).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "the address "+address+" is in use") {
		t.Errorf("a second server at the same address: %v %s", err, out)
	}
	answer, err := http.Get("http://" + address + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, _ := io.ReadAll(answer.Body); !strings.Contains(string(body), "ok") {
		t.Errorf("the first server answers %s", body)
	}
}
