package sheet_test

import (
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/job/catalog"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
)

// TestWhatAColumnSaysOfARow reads single cells of columns that say which rows do not
// count.
func TestWhatAColumnSaysOfARow(t *testing.T) {
	t.Parallel()
	const students, educators, groups, enrollments = bulkjob.KindIMPORT_STUDENTS, bulkjob.KindIMPORT_EDUCATORS,
		bulkjob.KindIMPORT_GROUPS, bulkjob.KindIMPORT_ENROLLMENTS
	for _, c := range []struct {
		kind   bulkjob.Kind
		header string
		code   string // Empty if the row counts.
		cells  []string
	}{
		{students, "Status", "", []string{"Active", "ACTIVE ", "enrolled", "A", "Active - Full Time", "transferred in", "New",
			"", "N/A", "NULL", "-", "[clear]"}},
		{students, "Status", row.NotActive, []string{"Inactive", "WITHDRAWN", "Withdrawn (moved)", "tobedeleted", "Graduated",
			"No Show", "no longer enrolled", "Not Active", "not enrolled", "Transferred Out", "W/D", "I", "dropped-out"}},
		{students, "Status", row.UnknownStatus, []string{"0", "1", "2", "Zonk", "Pending", "enrolled, withdrawn", "not inactive"}},
		{students, "Enroll_Status", "", []string{"0"}},
		{students, "Enroll_Status", row.NotActive, []string{"1", "2", "3", "4", "Withdrawn"}},
		{students, "Enroll_Status", row.UnknownStatus, []string{"-1", "7"}},
		{students, "enabledUser", "", []string{"true", "TRUE", "1", "Yes", ""}},
		{students, "Active?", row.NotActive, []string{"N", "no", "FALSE", "0", "Inactive"}},
		{students, "Is Active", row.UnknownStatus, []string{"perhaps", "x"}},
		{students, "Enrolled", "", []string{"8/15/2026", "y"}},
		{students, "Delete", row.NotActive, []string{"x", "X", "✓", "Yes", "1", "TRUE", "delete", "5/1/2026"}},
		{students, "Delete", "", []string{"", "no", "0", "FALSE", "5/1/2030"}},
		{students, "Delete", row.UnknownStatus, []string{"ask Ms. Lee"}},
		{students, "Exit Date", row.NotActive, []string{"6/1/2025", "2025-06-01", "1-Jun-25", "June 1, 2025", "20250601", "45809",
			"2025-06-01T00:00:00.000Z", "01.06.2025", "Jun 1 2025", "2026-11-18", "06/01/2025 12:00:00 AM", "Sunday, 1 June 2025"}},
		{students, "Exit Date", "", []string{"", "6/15/2027", "2027-06-30", "00/00/0000", "1900-01-01", "present", "12/31/9999",
			"99991231"}},
		{students, "Exit Date", row.UnknownStatus, []string{"sometime", "1/12/2026", "13/13/2026", "June"}},
		{students, "Exit Code", row.UnknownStatus, []string{"W2"}},
		{students, "Exit Code", "", []string{"", "none"}},
		{students, "Role", "", []string{"student", "Student", "Pupil", "student,parent"}},
		{students, "Roles", row.OtherRole, []string{"teacher", "Teacher", "administrator", "parent", "guardian", "aide",
			"Staff", "teacher, parent", "School Counselor"}},
		{students, "Role", row.UnknownRole, []string{"captain", "student teacher"}},
		{students, "User Type", row.OtherRole, []string{"Staff", "Faculty"}},
		{students, "User Type", "", []string{"Student", "Standard"}},
		{students, "Title", "", []string{"Mr."}},
		{students, "Lunch Status", "", []string{"Inactive"}},
		{students, "ELL Status", "", []string{"Exited"}},
		{educators, "Role", row.OtherRole, []string{"student", "parent"}},
		{educators, "Role", "", []string{"Teacher", "principal", "aide", "Student Services Coordinator", "Something else"}},
		{educators, "Title", "", []string{"Student Advisor"}},
		{educators, "Status", row.NotActive, []string{"Retired", "Terminated", "Resigned"}},
		{groups, "Status", row.NotActive, []string{"archived", "tobedeleted", "Closed"}},
		{groups, "Role", "", []string{"parent"}},
		{enrollments, "status", row.NotActive, []string{"completed", "deleted", "inactive", "tobedeleted", "Dropped"}},
		{enrollments, "Role", row.OtherRole, []string{"administrator", "proctor", "parent"}},
		{enrollments, "Role", "", []string{"student", "teacher", "Educator", "whatever"}},
	} {
		for _, cell := range c.cells {
			formats := catalog.Files()
			headers := []string{c.header}
			for _, column := range formats.Columns(c.kind) {
				if column.Required {
					headers = append(headers, column.Name)
				}
			}
			l, _ := formats.ReadHeader(c.kind, headers)
			r := sheet.NewRow(l, 1, csvfile.Record{Row: 1, Cells: append([]string{cell}, make([]string, len(headers)-1)...)})
			s := r.Standing(time.Date(2026, 11, 18, 15, 0, 0, 0, time.UTC))
			got := ""
			if s.Problem != nil {
				got = s.Problem.Code
			}
			if got != c.code || s.Passed != (got == row.NotActive || got == row.OtherRole) {
				t.Errorf("%s: %q in %s is %q (passed over: %v) instead of %q", c.kind, cell, c.header, got, s.Passed, c.code)
			}
		}
	}
}

// TestARowThatIsGoneInOneColumn is passed over whatever the others say.
func TestARowThatIsGoneInOneColumn(t *testing.T) {
	t.Parallel()
	l, _ := catalog.Files().ReadHeader(bulkjob.KindIMPORT_STUDENTS,
		[]string{"Student ID", "Exit Code", "Status", "Exit Date", "Exit Code 2"})
	for _, c := range []struct{ reason, status, exit, code string }{
		{"W1", "Active", "", ""}, // The reason means nothing if other columns decide.
		{"", "Active", "2025-06-01", row.NotActive},
		{"", "Zonk", "2025-06-01", row.NotActive},
		{"", "Zonk", "", row.UnknownStatus},
	} {
		r := sheet.NewRow(l, 1, csvfile.Record{Row: 1, Cells: []string{"1", c.reason, c.status, c.exit, ""}})
		got := ""
		if s := r.Standing(time.Date(2026, 11, 18, 0, 0, 0, 0, time.UTC)); s.Problem != nil {
			got = s.Problem.Code
		}
		if got != c.code {
			t.Errorf("%+v is %q", c, got)
		}
	}
	if len(l.Ignored) != 2 { // Both codes.
		t.Errorf("passed over as columns that are not read: %q", l.Ignored)
	}
}
