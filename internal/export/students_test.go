package export_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobproblem"
	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/export"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/grade"
	"github.com/openhomeroom/homeroom/internal/identity"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/catalog"
	"github.com/openhomeroom/homeroom/internal/passwd"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/usage"
)

// bench is a world with what an export and its way back need.
type bench struct {
	*fixture.World
	export   *export.Service
	roster   *roster.Service
	importer *jobs.Service
}

func newBench(t *testing.T, d *database.DB) *bench {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	now := func() time.Time { return fixture.Today }
	hasher := passwd.NewHasher(passwd.Cost{Memory: 64, Time: 1})
	u := usage.New(d, now, log)
	r := roster.New(d, roster.Options{Hash: hasher.Hash, Recount: usage.RecountStudents, Now: now, Log: log})
	people := identity.New(d, identity.Options{Hasher: hasher, Now: now, Log: log})
	return &bench{World: fixture.New(t, d), export: export.New(d, r, u), roster: r,
		importer: jobs.New(d, jobs.Options{
			Key:    []byte("0123456789abcdef0123456789abcdef"),
			Hash:   hasher.Hash,
			Viewer: people.Viewer,
			Kinds:  catalog.Kinds(d, catalog.Needs{Recount: usage.RecountStudents, Now: now}),
			Now:    now,
			Log:    log,
		})}
}

// exported is the file of the students of an organization.
func (b *bench) exported(t *testing.T, who *db.Educator, o *db.Organization, f roster.StudentFilter) string {
	t.Helper()
	var file bytes.Buffer
	rows, err := b.export.Students(b.As(t, who), &file, o.ID, f)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(records(t, file.String())); got != rows {
		t.Fatalf("%d rows are said to be in the file, and %d are", rows, got)
	}
	return file.String()
}

func records(t *testing.T, file string) []csvfile.Record {
	t.Helper()
	format, err := csvfile.Inspect(strings.NewReader(file), csvfile.Limits{})
	if err != nil {
		t.Fatalf("%v\n%s", err, file)
	}
	if !slices.Equal(format.Header, export.StudentColumns) {
		t.Fatalf("header %q", format.Header)
	}
	r, err := csvfile.NewReader(strings.NewReader(file), format, csvfile.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var all []csvfile.Record
	for range format.Rows {
		rec, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rec)
	}
	return all
}

// verified uploads a file and returns the job with the problems that it has.
func (b *bench) verified(t *testing.T, who *db.Educator, o *db.Organization, mode bulkjob.GroupsMode,
	file string) (*db.BulkJob, []*db.BulkJobProblem) {
	t.Helper()
	job, err := b.importer.Submit(b.As(t, who), jobs.Submission{OrganizationID: o.ID, Kind: bulkjob.KindIMPORT_STUDENTS,
		FileName: "students.csv", File: strings.NewReader(file), GroupsMode: mode})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.importer.Drain(context.Background()); err != nil {
		t.Fatal(err)
	}
	problems := b.Client().BulkJobProblem.Query().Where(bulkjobproblem.JobID(job.ID)).AllX(fixture.System())
	return b.Client().BulkJob.GetX(fixture.System(), job.ID), problems
}

// nasty are words that some step on the way out and back could change.
var nasty = []string{
	"=cmd()", "'=x", "''-y", "-Ana", "+1", "@home", "'t Hooft", "O'Neil", `Ann "Annie"`, "a,b;c", "tab\tand\nbreak",
	`back\slash`, `end\`, `semi\;colon`, "Jose\u0301", "Zoë\u200B", "\uFEFFmarked", "名前", "שלום", "👩‍🎓", "＝full",
	"ﬁ ligature", "ẞ", "sep=;", "00012", "1.2E+10", "1-2", "TRUE", "#N/A", "stu_1", "NULL", "Ｗide",
}

// TestAnExportComesBackUnchanged is the promise of the format: uploading an unchanged
// export changes nothing, whatever the names of people and groups are.
func TestAnExportComesBackUnchanged(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		admin := b.As(t, b.DistrictAdmin)
		b.School(t, b.Alpha, "North School", "N2")
		external := "Algebra II"
		names := append(slices.Clone(nasty), "Twin", "Twin", "twin", "Café", "Cafe", "CAFE",
			globalid.Encode(globalid.Group, b.Algebra.ID), external)
		var ids []int
		for i, name := range names {
			in := roster.NewGroup{OrganizationID: b.North.ID, Name: name}
			if i == 0 {
				in.ExternalID = &external
			}
			g, err := b.roster.CreateGroup(admin, in)
			if err != nil {
				t.Fatalf("%q: %v", name, err)
			}
			ids = append(ids, g.ID)
		}
		// Names that nobody can give any more, but that may be on record.
		ids = append(ids, b.Group(t, b.North, "[Clear]").ID, b.Group(t, b.North, " spaced  out ").ID)
		for i, word := range nasty {
			var of []int
			for j, id := range ids {
				if (i+j)%3 == 0 || j == i {
					of = append(of, id)
				}
			}
			if i >= len(nasty)-2 {
				of = ids[len(ids)-2+i-(len(nasty)-2):][:1]
			}
			_, err := b.roster.CreateStudent(admin,
				roster.NewStudent{OrganizationID: b.North.ID, ExternalID: word, FirstName: word,
					LastName: word, Username: "user " + word, Grade: "K", GroupIDs: of})
			if err != nil {
				t.Fatalf("%q: %v", word, err)
			}
		}
		b.Student(t, b.North, "Moved", "Away", 600, b.Algebra, b.Chemistry)
		b.Student(t, b.South, "Sam", "South", 60)

		for _, who := range []struct {
			educator *db.Educator
			at       *db.Organization
			rows     int
		}{{b.DistrictAdmin, b.Alpha, len(nasty) + 2}, {b.NorthAdmin, b.North, len(nasty) + 1}} {
			file := b.exported(t, who.educator, who.at, roster.StudentFilter{})
			if got := len(records(t, file)); got != who.rows {
				t.Errorf("%s: %d rows; want %d", who.at.Name, got, who.rows)
			}
			for _, mode := range []bulkjob.GroupsMode{bulkjob.GroupsModeADD, bulkjob.GroupsModeREPLACE} {
				job, problems := b.verified(t, who.educator, who.at, mode, file)
				if job.Status != bulkjob.StatusREADY || job.Unchanged != who.rows || job.Errors != 0 {
					t.Errorf("%s, %s: %s, %d of %d rows unchanged, %d errors", who.at.Name, mode, job.Status, job.Unchanged,
						who.rows, job.Errors)
				}
				for _, p := range problems {
					if p.Severity != bulkjobproblem.SeverityWARNING {
						t.Errorf("row %d, %s: %s %q %s", p.Row, p.Column, p.Code, p.Value, p.Message)
					}
				}
			}
		}
	})
}

// TestExportOfStudents checks who is in the file, and the cells.
func TestExportOfStudents(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		ada := b.Student(t, b.North, "Ada", "Lovelace", 630, b.Biology, b.Algebra)
		ada.Update().SetLastActiveAt(fixture.Today).ExecX(fixture.System())
		b.Student(t, b.North, "Bo", "Li", 0)
		b.Student(t, b.South, "Sam", "South", 0, b.Chemistry)
		b.Student(t, b.East, "Far", "Away", 0)
		gone := b.Student(t, b.North, "Gone", "Girl", 0)
		gone.Update().SetDeletedAt(fixture.Today).ExecX(fixture.System())

		cells := func(who *db.Educator, o *db.Organization, f roster.StudentFilter) []string {
			var lines []string
			for _, rec := range records(t, b.exported(t, who, o, f)) {
				lines = append(lines, strings.Join(rec.Cells[1:], ","))
			}
			return lines
		}
		want := func(t *testing.T, got []string, want ...string) {
			t.Helper()
			if !slices.Equal(got, want) {
				t.Errorf("\n got %q\nwant %q", got, want)
			}
		}
		const adaLine, boLine = "00001,Ada,Lovelace,ada00001,,7,North School,Algebra;Biology,10,2026-11-18",
			"00002,Bo,Li,bo00002,,7,North School,,0,"
		t.Run("all students of a school, by name", func(t *testing.T) {
			want(t, cells(b.NorthAdmin, b.North, roster.StudentFilter{}), boLine, adaLine)
		})
		t.Run("a filter keeps what a list would", func(t *testing.T) {
			yes := true
			want(t, cells(b.DistrictAdmin, b.Alpha,
				roster.StudentFilter{GroupIDs: []int{b.Algebra.ID}, Search: "love", Active: &yes, Grades: []grade.Grade{7}}),
				adaLine)
			want(t, cells(b.DistrictAdmin, b.Alpha, roster.StudentFilter{GroupIDs: []int{b.Drama.ID}}))
		})
		t.Run("nobody else's students are exported", func(t *testing.T) {
			for _, c := range []struct {
				who  *db.Educator
				kind fault.Kind
			}{{b.SouthAdmin, fault.NotFound}, {b.BetaAdmin, fault.NotFound}, {b.NorthTeacher, fault.Forbidden},
				{b.SouthTeacher, fault.NotFound}} {
				var out bytes.Buffer
				if _, err := b.export.Students(b.As(t, c.who), &out, b.North.ID,
					roster.StudentFilter{}); fault.KindOf(err) != c.kind || out.Len() > 0 {
					t.Errorf("%s: %v, %d bytes", c.who.FirstName, err, out.Len())
				}
			}
			if _, err := b.export.Students(b.As(t, b.NorthAdmin), io.Discard, b.Alpha.ID,
				roster.StudentFilter{}); fault.KindOf(err) != fault.NotFound {
				t.Errorf("the district: %v", err)
			}
		})
		t.Run("a long list holds everybody once", func(t *testing.T) {
			const many = 1203
			for from := 0; from < many; from += 401 {
				b.Client().Student.MapCreateBulk(make([]struct{}, 401), func(c *db.StudentCreate, i int) {
					name := fmt.Sprintf("n%04d", from+i)
					c.SetDistrictID(b.Alpha.ID).SetOrganizationID(b.South.ID).SetExternalID(name).SetUsername(name).
						SetUsernameKey(name).
						SetFirstName("Same").SetLastName("Name").SetSortName("name  same").SetGrade(1)
				}).ExecX(fixture.System())
			}
			seen := map[string]bool{}
			for _, rec := range records(t, b.exported(t, b.SouthAdmin, b.South, roster.StudentFilter{})) {
				seen[rec.Cells[0]] = true
			}
			if len(seen) != many+1 {
				t.Errorf("%d students; want %d", len(seen), many+1)
			}
		})
	})
}
