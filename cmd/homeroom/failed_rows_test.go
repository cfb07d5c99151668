package main_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestRefusedRowsAreMendedAndUploadedAgain is what a person does whose file has
// mistakes: the file of the refused rows is downloaded, the wrong cells are
// mended, and it is uploaded as it is.
func TestRefusedRowsAreMendedAndUploadedAgain(t *testing.T) {
	t.Parallel()
	eachInstallation(t, func(t *testing.T, in installation) {
		in.run("seed", "--students", "300")
		s := in.start("serve", "--log-level", "warn")
		admin := signIn(t, s.address, "district@example.com", "homeroom")
		schools := admin.usableGroups()
		school, group := "", ""
		for school, group = range schools {
			break
		}
		before := admin.students()

		// Every other row has a mistake. The cell that is wrong comes last but one,
		// and what it should have been last.
		header := []string{"Room", "SIS ID", "Given Name", "Family Name", "Login", "Password", "Grade", "School Name",
			"Classes", "Wrong", "Right"}
		at := map[string]int{}
		for i, h := range header {
			at[h] = i
		}
		rows := [][]string{header}
		mistakes := []struct{ column, wrong, right string }{
			{"Grade", "77", "7"}, {"Grade", "", "K"}, {"SIS ID", "", "right%d"}, {"SIS ID", "1.2E+10", "right%d"},
			{"SIS ID", "good1", "right%d"}, {"Given Name", "Zo\ufffd", "Zoë"}, {"Family Name", "[clear]", "O'Brien"},
			{"Login", "ab", "login%d"}, {"Login", "", "login%d"}, {"Login", "goodlogin1", "login%d"},
			{"Password", "abc", "long enough"}, {"School Name", "Nowhere", school}, {"School Name", "", school},
			{"Classes", "Nowhere", group},
			{"Given Name", strings.Repeat("x", 200), "Max"},
		}
		for i := range 60 {
			rows = append(rows,
				[]string{fmt.Sprintf("=room %d", i), fmt.Sprintf("good%d", i), "Good", "Row", fmt.Sprintf("goodlogin%d", i), "",
					"5", school, group, "", ""})
			m := mistakes[i%len(mistakes)]
			bad := []string{fmt.Sprintf("room; %d, \"quoted\"", i), fmt.Sprintf("bad%d", i), "Bad", "Row",
				fmt.Sprintf("badlogin%d", i), "", "5", school, group, m.column, m.right}
			bad[at[m.column]] = m.wrong
			if strings.Contains(m.right, "%d") {
				bad[at["Right"]] = fmt.Sprintf(m.right, i)
			}
			rows = append(rows, bad)
		}
		first := admin.wait(admin.submitFile("new students.csv", csvOf(rows)), "READY")
		if first.Counts != (counts{Created: 60, EnrollmentsAdded: 60, Errors: 60}) || admin.failedRows(first) == "" {
			t.Fatalf("%+v, failed rows at %q", first.Counts, admin.failedRows(first))
		}
		first = admin.wait(admin.begin(first.ID), "COMPLETED_WITH_ERRORS")

		file := downloadFile(t, admin.failedRows(first))
		if len(file) != 61 ||
			strings.Join(file[0], ",") != strings.Join(header, ",")+",Refused Row,Refused Because,What To Do" {
			t.Fatalf("%d lines under %q", len(file), file[0])
		}
		for i, line := range file[1:] {
			want := rows[2*i+2]
			for c := range header {
				if header[c] != "Password" && line[c] != want[c] || header[c] == "Password" && line[c] != "" {
					t.Errorf("line %d, %s: %q, want %q", i+1, header[c], line[c], want[c])
				}
			}
			if line[11] != fmt.Sprint(2*i+2) || line[12] == "" || line[13] == "" {
				t.Errorf("line %d: the reasons are %q", i+1, line[11:])
			}
			line[at[want[at["Wrong"]]]] = want[at["Right"]]
		}
		second := admin.wait(admin.submitFile("failed rows.csv", append([]byte("\ufeff"), csvOf(file)...)), "READY")
		if second.Counts != (counts{Created: 60, EnrollmentsAdded: 60}) || admin.failedRows(second) != "" {
			t.Fatalf("the mended file: %+v %+v", second.Counts, second.Problems)
		}
		if done := admin.process(second.ID); done.Counts.Created != 60 {
			t.Errorf("%+v", done.Counts)
		}
		if got := admin.students() - before; got != 120 {
			t.Errorf("of 120 rows came %d students", got)
		}
		s.stop()
		in.run("doctor")
	})
}

// failedRows returns the address of the refused rows of a job, or nothing.
func (c *client) failedRows(j job) string {
	c.t.Helper()
	var data struct {
		BulkJob struct{ FailedRowsCSVURL string }
	}
	c.ask(`query ($id: ID!) { bulkJob(id: $id) { failedRowsCsvUrl } }`, variables{"id": j.ID}, &data)
	if data.BulkJob.FailedRowsCSVURL == "" {
		return ""
	}
	return c.resolve(data.BulkJob.FailedRowsCSVURL)
}

// students returns the number of students of the organization.
func (c *client) students() int {
	c.t.Helper()
	var data struct{ Students struct{ TotalCount int } }
	c.ask(`query ($id: ID!) { students(organizationId: $id) { totalCount } }`, variables{"id": c.organization}, &data)
	return data.Students.TotalCount
}
