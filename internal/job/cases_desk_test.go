package job_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/catalog"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/table"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// caseDesk is where an administrator of the cases' district imports files.
type caseDesk struct {
	*bench
	admin *db.Educator
}

// caseKinds are the kinds as the command line names them.
var caseKinds = map[string]bulkjob.Kind{"schools": schools, "educators": educators, "groups": groups,
	"students": students, "enrollments": enrollments}

// fillCaseBase makes the roster that is there before each case.
func fillCaseBase(t testing.TB, d *database.DB) {
	t.Helper()
	client := d.Client(context.Background())
	o := client.Organization.Create().SetType(organization.TypeDISTRICT).SetName("District").SetNameKey("district").
		SetExternalID("D1").SetUsageCountedFrom(calendar.Date(2026, 8, 1)).
		SetHoldDeletedPercent(100).SetHoldChangedPercent(100).SaveX(fixture.System())
	o = o.Update().SetDistrictID(o.ID).SaveX(fixture.System())
	w := &fixture.World{DB: d, Alpha: o}
	w.Educator(t, o, "Dana Diaz", viewer.DistrictAdmin, o)
	desk := newCaseDesk(t, d)
	for _, name := range []string{"schools", "groups", "teachers", "students"} {
		if problems := desk.does(caseStep{file: "base-in/" + name + ".csv"}); len(problems) > 0 {
			t.Fatalf("%s: %s", name, problems)
		}
	}
}

func newCaseDesk(t testing.TB, d *database.DB) *caseDesk {
	t.Helper()
	w := &fixture.World{DB: d}
	w.Alpha = w.Client().Organization.Query().Where(organization.TypeEQ(organization.TypeDISTRICT)).OnlyX(fixture.System())
	return &caseDesk{bench: benchOn(t, w, nil),
		admin: w.Client().Educator.Query().Where(educator.FirstName("Dana")).OnlyX(fixture.System())}
}

// does imports a file like the command, which detects the kind of the file and carries it
// out if there is no objection. It returns the messages.
func (d *caseDesk) does(s caseStep) []string {
	d.t.Helper()
	var job *db.BulkJob
	switch s.file {
	case "":
		_, grp1, _ := globalid.Decode("grp_1")
		job = d.edited(d.admin, d.matching(d.admin, nil, roster.StudentFilter{}), kind.Edit{AddTo: []int{grp1}})
	default:
		name := s.file[strings.LastIndexByte(s.file, '/')+1:]
		file := caseFile(d.t, s.file)
		inspected, err := table.Inspect(func() (io.Reader, error) { return caseFile(d.t, s.file), nil }, csvfile.Limits{})
		var refused *csvfile.Error
		switch {
		case errors.As(err, &refused):
			return []string{fmt.Sprintf("refused: %s | %s %s", refused.Code, refused.Message, refused.Hint)}
		case err != nil:
			d.t.Fatal(err)
		}
		k, fits, err := catalog.DetectKindOf(name, inspected)
		if err != nil {
			d.t.Fatal(err)
		}
		if s.as != "" {
			k = caseKinds[s.as]
		}
		if k == "" {
			return []string{asks(fits)}
		}
		job = d.verified(d.admin, d.Alpha, k, "", func(in *jobs.Submission) { in.FileName, in.File = name, file })
	}
	d.balanced(job)
	if job.Status == ready {
		job = d.applied(d.admin, job)
	}
	var said []string
	if job.Encoding != "" && job.Encoding != string(csvfile.UTF8) && job.Encoding != "XLSX" {
		said = append(said, "in "+job.Encoding)
	}
	return append(said, d.told(job.ID)...)
}

// asks is the question for the kind of a file.
func asks(fits []bulkjob.Kind) string {
	if len(fits) == 0 {
		return "asks for the kind"
	}
	names := make([]string, 0, len(fits))
	for name, k := range caseKinds {
		if slices.Contains(fits, k) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return "asks for the kind: " + strings.Join(names, " or ")
}

// caseRoster is a roster in words, by the database IDs of what is in it.
type caseRoster map[string]string

func (d *caseDesk) roster() caseRoster {
	d.t.Helper()
	all, ctx, client := caseRoster{}, fixture.System(), d.Client()
	schoolOf := map[int]string{d.Alpha.ID: "the district"}
	for _, o := range client.Organization.Query().Where(organization.TypeEQ(organization.TypeSCHOOL)).AllX(ctx) {
		schoolOf[o.ID] = noted(o.ExternalID)
		all[fmt.Sprintf("1 %06d", o.ID)] = fmt.Sprintf("school %s %s", noted(o.ExternalID), o.Name)
	}
	teaches := map[int][]string{}
	for _, e := range client.Educator.Query().Where(educator.IDNEQ(d.admin.ID)).WithRoles().WithTeaching().AllX(ctx) {
		var roles []string
		for _, r := range e.Edges.Roles {
			roles = append(roles, string(r.Role)+" of "+schoolOf[r.OrganizationID])
		}
		for _, g := range e.Edges.Teaching {
			teaches[g.GroupID] = append(teaches[g.GroupID], noted(e.ExternalID))
		}
		slices.Sort(roles)
		parts := slices.DeleteFunc([]string{fmt.Sprintf("teacher %s %s %s", noted(e.ExternalID), e.FirstName, e.LastName),
			e.Email, e.Username, strings.Join(roles, " and ")}, func(s string) bool { return s == "" })
		all[fmt.Sprintf("2 %06d", e.ID)] = strings.ReplaceAll(strings.Join(parts, ", "), " ,", ",")
	}
	for _, g := range client.Group.Query().AllX(ctx) {
		line := fmt.Sprintf("class %s %s of %s", noted(g.ExternalID), g.Name, schoolOf[g.OrganizationID])
		if slices.Sort(teaches[g.ID]); len(teaches[g.ID]) > 0 {
			line += ", taught by " + strings.Join(teaches[g.ID], " and ")
		}
		all[fmt.Sprintf("3 %06d", g.ID)] = strings.ReplaceAll(line, "  ", " ")
	}
	for _, st := range client.Student.Query().Where(student.DeletedAtIsNil()).
		WithEnrollments(func(q *db.EnrollmentQuery) { q.WithGroup() }).AllX(ctx) {
		var in []string
		for _, e := range st.Edges.Enrollments {
			g := e.Edges.Group
			if name := g.Name; g.OrganizationID == st.OrganizationID {
				in = append(in, name)
			} else {
				in = append(in, name+" of "+schoolOf[g.OrganizationID])
			}
		}
		slices.Sort(in)
		line := fmt.Sprintf("student %s %s %s, %s, grade %s, %s, in %s", st.ExternalID, st.FirstName, st.LastName,
			st.Username, st.Grade, schoolOf[st.OrganizationID], strings.Join(in, " and "))
		if len(in) == 0 {
			line = strings.TrimSuffix(line, ", in ")
		}
		all[fmt.Sprintf("4 %06d", st.ID)] = strings.NewReplacer("  ", " ", " ,", ",").Replace(line) + "\x00" + st.PasswordHash
	}
	return all
}

// noted is an external ID, or - where there is none.
func noted(id *string) string {
	if id == nil || *id == "" {
		return "-"
	}
	return *id
}

// differences are what is new, what is now another way, and what is gone.
func (before caseRoster) differences(after caseRoster) (lines []string) {
	say := func(what, line string) {
		line, _, _ = strings.Cut(line, "\x00")
		lines = append(lines, what+" "+strings.ReplaceAll(line, "\n", `\n`))
	}
	for _, id := range slices.Sorted(maps.Keys(before)) {
		was, is := before[id], after[id]
		oldText, oldHash, _ := strings.Cut(was, "\x00")
		text, hash, _ := strings.Cut(is, "\x00")
		switch {
		case is == "":
			say("gone:", was)
		case text != oldText && hash != oldHash:
			say("now:", text+", another password")
		case text != oldText:
			say("now:", is)
		case hash != oldHash:
			say("now:", text+", another password")
		}
	}
	for _, id := range slices.Sorted(maps.Keys(after)) {
		if _, there := before[id]; !there {
			say("new:", after[id])
		}
	}
	return lines
}
