package job_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/enrollment"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/job/catalog"
)

// sdsFiles are the sample district of Microsoft School Data Sync, in the order in
// which they build on each other, with what each brings in.
var sdsFiles = []struct {
	name string
	kind bulkjob.Kind
	rows int
}{
	{"School.csv", schools, 2},
	{"Section.csv", groups, 28},
	{"Teacher.csv", educators, 12},
	{"Student.csv", students, 86},
	{"TeacherRoster.csv", enrollments, 28},
	{"StudentEnrollment.csv", enrollments, 602},
}

func sdsFile(t testing.TB, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "sds-100-users", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// freshDistrict is a district without schools, and its administrator.
func freshDistrict(t testing.TB, b *bench) (*db.Organization, *db.Educator) {
	t.Helper()
	o := b.Client().Organization.Create().SetType(organization.TypeDISTRICT).SetName("Contoso").SetNameKey("contoso").
		SaveX(fixture.System())
	o = o.Update().SetDistrictID(o.ID).SaveX(fixture.System())
	e := b.Client().Educator.Create().SetDistrictID(o.ID).SetFirstName("Olga").SetLastName("Operator").
		SetSortName("operator  olga").SetEmail("olga@example.org").SetEmailKey("olga@example.org").SaveX(fixture.System())
	b.Client().RoleAssignment.Create().SetEducatorID(e.ID).SetOrganizationID(o.ID).SetDistrictID(o.ID).
		SetRole(roleassignment.RoleDISTRICT_ADMIN).SaveX(fixture.System())
	return o, e
}

func TestSampleDistrict(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		district, admin := freshDistrict(t, b)
		for _, f := range sdsFiles {
			content := sdsFile(t, f.name)
			job := b.verified(admin, district, f.kind, content)
			b.want(job, ready, f.rows, 0, 0, 0)
			job = b.applied(admin, job)
			b.want(job, completed, f.rows, 0, 0, 0)
			wantAdded := 0
			if f.name == "StudentEnrollment.csv" {
				wantAdded = f.rows
			}
			if job.EnrollmentsAdded != wantAdded || job.ProcessedRows != f.rows || job.VerifiedRows != f.rows {
				t.Errorf("%s: %d enrollments added, %d rows processed, %d verified", f.name, job.EnrollmentsAdded,
					job.ProcessedRows, job.VerifiedRows)
			}
			again := b.verified(admin, district, f.kind, content)
			switch f.kind {
			case students:
				// The passwords in the files are set again, whatever they were.
				b.want(again, ready, 0, f.rows, 0, 0)
			default:
				// All teachers have one of the most common passwords, which is not set.
				b.want(again, ready, 0, 0, f.rows, 0)
			}
		}
		b.consistent()
		in := "district_id = ?"
		for query, want := range map[string]int{
			"SELECT COUNT(*) FROM organizations WHERE type = 'SCHOOL' AND " + in:                                             2,
			"SELECT COUNT(*) FROM `groups` WHERE " + in:                                                                      28,
			"SELECT COUNT(*) FROM students WHERE " + in:                                                                      86,
			"SELECT COUNT(*) FROM educators WHERE " + in:                                                                     13,
			"SELECT COUNT(*) FROM role_assignments WHERE role = 'TEACHER' AND " + in:                                         12,
			"SELECT COUNT(*) FROM group_educators t JOIN `groups` g ON g.id = t.group_id WHERE g." + in:                      28,
			"SELECT COUNT(*) FROM enrollments e JOIN students s ON s.id = e.student_id WHERE s." + in:                        602,
			"SELECT COUNT(*) FROM students WHERE ungrouped = 1 AND " + in:                                                    0,
			"SELECT COUNT(*) FROM students WHERE password_hash LIKE '$argon2id$%' AND " + in:                                 86,
			"SELECT COUNT(DISTINCT w.student_id) FROM student_words w WHERE w.word = 'fstark' AND w." + in:                   1,
			"SELECT COUNT(*) FROM organizations o WHERE o.external_id LIKE 'job%' OR o.external_id LIKE '_job%' AND o." + in: 0,
		} {
			if got := b.number(query, district.ID); got != want {
				t.Errorf("%d, want %d: %s", got, want, query)
			}
		}

		t.Run("a class name that repeats across the schools resolves in each student's own school", func(t *testing.T) {
			records, err := csv.NewReader(strings.NewReader(sdsFile(t, "Student.csv"))).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			file := "Student ID,Classes/Groups\n"
			for _, r := range records[1:] {
				file += r[0] + ",Math - Algebra 1\n"
			}
			b := &bench{World: b.World, Service: b.Service, t: t}
			// Every student changes, which otherwise takes two administrators.
			b.exec("UPDATE organizations SET hold_changed_percent = 100 WHERE id = ?", district.ID)
			job := b.imported(admin, district, students, file, mode(bulkjob.GroupsModeREPLACE))
			if job.Errors != 0 || job.Created != 0 {
				t.Fatalf("%d errors, %d created:\n%s", job.Errors, job.Created, b.problems(job))
			}
			for _, st := range b.Client().Student.Query().Where(student.DistrictID(district.ID)).AllX(fixture.System()) {
				g := b.Client().Enrollment.Query().Where(enrollment.StudentID(st.ID)).QueryGroup().OnlyX(fixture.System())
				if g.Name != "Math - Algebra 1" || g.OrganizationID != st.OrganizationID {
					t.Errorf("%s of school %d is in %s of school %d", st.Username, st.OrganizationID, g.Name, g.OrganizationID)
				}
			}
			if n := b.Client().Group.Query().Where(group.NameKey(fold.Text("Math - Algebra 1"))).
				CountX(fixture.System()); n != 2 {
				t.Errorf("%d groups of that name", n)
			}
			b.consistent()
		})
	})
}

func TestDetectKind(t *testing.T) {
	t.Parallel()
	head := func(name string) []string {
		line, _, _ := strings.Cut(sdsFile(t, name), "\n")
		return strings.Split(strings.TrimPrefix(strings.TrimSpace(line), "\ufeff"), ",")
	}
	for _, f := range sdsFiles {
		for _, name := range []string{f.name, "upload.csv", "data (3).csv"} {
			if kind, fits := catalog.DetectKind(name, head(f.name)); kind != f.kind {
				t.Errorf("%s called %s: %v %v, want %v", f.name, name, kind, fits, f.kind)
			}
		}
	}
	for _, c := range []struct {
		name, header string
		want         []bulkjob.Kind
	}{
		{"export.csv", strings.TrimSpace(header) + ",Minutes,Last Active", []bulkjob.Kind{students}},
		{"x.csv", "student_id,first_name,last_name,grade", []bulkjob.Kind{students}},
		{"x.csv", "Student ID,First Name", []bulkjob.Kind{students}},
		{"x.csv", "Student ID,Classes/Groups", []bulkjob.Kind{students}},
		{"x.csv", "Student ID,Class", []bulkjob.Kind{enrollments}},
		{"x.csv", "Student ID,Class Name", []bulkjob.Kind{enrollments}},
		{"x.csv", "Classes/Groups,Person ID,First Name,Last Name", []bulkjob.Kind{enrollments}},
		{"Enrollments.csv", "Student ID,Class", []bulkjob.Kind{enrollments}},
		{"classes.csv", "External ID,Name", []bulkjob.Kind{groups}},
		{"schools.csv", "External ID,Name", []bulkjob.Kind{schools}},
		{"x.csv", "External ID,Name", []bulkjob.Kind{groups, schools}},
		{"x.csv", "External ID,First Name,Last Name", []bulkjob.Kind{educators, students}},
		{"x.csv", "Class ID,Student ID,First Name,Last Name", []bulkjob.Kind{enrollments, students}},
		{"x.csv", "Class Name,Teacher ID", []bulkjob.Kind{enrollments, groups}},
		{"x.csv", "Class Name,Teacher ID,School", []bulkjob.Kind{groups}},
		{"x.csv", "Classes,SIS ID", []bulkjob.Kind{enrollments, students}},
		{"x.csv", "External ID,foo", nil},
		{"x.csv", "foo,bar", nil},
	} {
		kind, fits := catalog.DetectKind(c.name, strings.Split(c.header, ","))
		if kind != "" {
			fits = append(fits, kind)
		}
		if !slices.Equal(fits, c.want) {
			t.Errorf("%s %s: %v, want %v", c.name, c.header, fits, c.want)
		}
	}
}
