package job_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/reader"
)

// failedRows returns the file of the refused rows of a job, and its lines.
func (b *bench) failedRows(who *db.Educator, job *db.BulkJob) (file string, lines [][]string) {
	b.t.Helper()
	var out bytes.Buffer
	n, err := b.FailedRows(b.As(b.t, who), &out, job.ID)
	if err != nil {
		b.t.Fatal(err)
	}
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(out.String(), "\ufeff")))
	r.FieldsPerRecord = -1
	if lines, err = r.ReadAll(); err != nil {
		b.t.Fatal(err)
	}
	if n != job.Errors || len(lines) != n+1 || !strings.HasPrefix(out.String(), "\ufeff") {
		b.t.Errorf("%d rows in a file of %d lines, where %d were refused: %q", n, len(lines), job.Errors, out.String())
	}
	return out.String(), lines
}

// written makes a file of lines.
func written(lines [][]string) string {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	_ = w.WriteAll(lines)
	return "\ufeff" + out.String()
}

func TestFailedRows(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.Student(t, b.North, "Ada", "Lovelace", 0, b.Algebra)
		b.Student(t, b.North, "Bob", "Adams", 0)

		t.Run("they keep the person's columns, and are accepted when they are mended", func(t *testing.T) {
			b := b.on(t)
			file := "Remarks;Klasse;Grade Level;SIS ID;Surname;Given Name;Password;Username;Classes;\n" +
				"good;a;7;g1;Good;One;secret1;goodone;Algebra;x\n" + // 1: created.
				"bad grade;b;77;g2;Bad;Grade;secret2;badgrade;Algebra;y\n" + // 2
				"\"semi;colon\";c;7;g3;Bad;Group;;badgroup;\"Nowhere;Algebra\";\n" + // 3
				";;;;;;;;;\n" + // 4: blank.
				"=cmd();d;7;g1;Second;One;secret3;second;;\n" + // 5: the same student as in row 1.
				"slipped;e;7;g4;Slip;Ped;Two;Words;slipped;Algebra;secret4;beyond\n" + // 6: slipped.
				"Ünï;f;8;;No;Id;secret5;noid;;\n" // 7
			job := b.verified(b.NorthAdmin, b.North, students, file)
			b.want(job, ready, 1, 0, 0, 5)
			job = b.applied(b.NorthAdmin, job)
			b.want(job, withErrors, 1, 0, 0, 5)
			text, lines := b.failedRows(b.NorthAdmin, job)
			if strings.Contains(text, "secret") {
				t.Errorf("a password is in the file:\n%s", text)
			}
			wantHeader := []string{"Remarks", "Klasse", "Grade Level", "SIS ID", "Surname", "Given Name", "Password",
				"Username", "Classes", "", "Refused Row", "Refused Because", "What To Do"}
			if !slices.Equal(lines[0], wantHeader) {
				t.Errorf("header %q", lines[0])
			}
			for i, want := range []string{
				"bad grade|b|77|g2|Bad|Grade||badgrade|Algebra|y|2",
				"semi;colon|c|7|g3|Bad|Group||badgroup|Nowhere;Algebra||3",
				"'=cmd()|d|7|g1|Second|One||second|||5",
				"slipped|e|7|g4|Slip|Ped|||||6", // Each of the others might be the password.
				"Ünï|f|8||No|Id||noid|||7",
			} {
				if got := strings.Join(lines[i+1][:11], "|"); got != want {
					t.Errorf("line %d: %s\nwant:   %s", i+1, got, want)
				}
			}
			if got := lines[1][11:]; !strings.Contains(got[0], "Grade Level: ") || !strings.Contains(got[1], "PK, TK, K") ||
				!strings.Contains(got[1], "This file leaves out passwords") {
				t.Errorf("reasons %q", got)
			}
			if got := lines[2][11:]; strings.Contains(got[1], "password") || !strings.Contains(got[0], "Classes: ") {
				t.Errorf("reasons of a row that had no password: %q", got)
			}
			if got := lines[4][13:]; !slices.Equal(got, []string{"(left out)", "(left out)"}) {
				t.Errorf("beyond: %q", got)
			}
			// Without a column of passwords nothing is left out.
			_, slipped := b.failedRows(b.NorthAdmin, b.verified(b.NorthAdmin, b.North, students,
				"Student ID,Grade,First Name,Last Name,Username\ns1,7,Ann,Lee, Jr,=1,annlee\n"))
			if got := strings.Join(slipped[1][:5], "|") + "|" +
				strings.Join(slipped[1][8:], "|"); got != "s1|7|Ann|Lee|Jr|'=1|annlee" {
				t.Errorf("slipped: %s", got)
			}

			// As it is, every row is refused for the same reason, also the one that slipped.
			same := b.verified(b.NorthAdmin, b.North, students, text)
			b.want(same, ready, 0, 1, 0, 4) // Row 5 is now the only row about its student, who exists.
			if len(same.IgnoredHeaders) != 2 {
				t.Errorf("ignored %q", same.IgnoredHeaders)
			}
			// A row that is refused again does not get the reasons twice.
			if _, again := b.failedRows(b.NorthAdmin, same); !slices.Equal(again[0], wantHeader) {
				t.Errorf("header of the second file %q", again[0])
			}

			lines[1][2] = "7"
			lines[2][8] = "Algebra"
			lines[3][3] = "g5"
			lines[4] = []string{"slipped", "e", "7", "g4", "Slip", "Ped", "", "slipped", "Algebra", ""}
			lines[5][3] = "g6"
			mended := b.verified(b.NorthAdmin, b.North, students, written(lines))
			b.want(mended, ready, 5, 0, 0, 0)
			b.want(b.applied(b.NorthAdmin, mended), completed, 5, 0, 0, 0)
		})

		t.Run("rows that are refused only when they are written are among them", func(t *testing.T) {
			b := b.on(t)
			var file strings.Builder
			file.WriteString("Student ID,Grade,Note,First Name,Last Name,Username\n")
			for i := range 1200 {
				fmt.Fprintf(&file, "w%04d,3,note %d,First,Last,wuser%04d\n", i, i, i)
			}
			file.WriteString("00001,8,about Ada\nw9999,99,bad grade\n00002,5,about Bob\n")
			job := b.verified(b.NorthAdmin, b.North, students, file.String())
			b.want(job, ready, 1200, 2, 0, 1)
			b.student("00001").Update().SetGrade(2).AddVersion(1).ExecX(fixture.System())
			b.Student(t, b.South, "Has", "Taken", 0).Update().SetExternalID("w0700").ExecX(fixture.System())
			job = b.applied(b.NorthAdmin, job)
			b.want(job, withErrors, 1199, 1, 0, 3)
			_, lines := b.failedRows(b.NorthAdmin, job)
			for i, want := range []string{"w0700|3|note 700|First|Last|wuser0700|701", "00001|8|about Ada||||1201",
				"w9999|99|bad grade||||1202"} {
				if got := strings.Join(lines[i+1][:7], "|"); got != want {
					t.Errorf("%s\nwant %s", got, want)
				}
			}
			b.consistent()
		})

		t.Run("a job that is all or nothing has them, too", func(t *testing.T) {
			b := b.on(t)
			job := b.verified(b.NorthAdmin, b.North, students,
				header+",a1,All,Or,allor,secret,7,,\n,a2,No,Thing,nothing,,99,,\n", allOrNothing)
			b.want(job, failed, 0, 0, 1, 1)
			if _, lines := b.failedRows(b.NorthAdmin, job); lines[1][1] != "a2" {
				t.Errorf("%q", lines)
			}
			// Also if a row is refused only when it is written.
			job = b.verified(b.NorthAdmin, b.North, students,
				header+",a1,All,Or,allor,secret,7,,\n,a2,No,Thing,nothing,secret,9,,\n", allOrNothing)
			b.Student(t, b.South, "Has", "Taken", 0).Update().SetExternalID("a2").ExecX(fixture.System())
			job = b.applied(b.NorthAdmin, job)
			b.want(job, failed, 0, 0, 1, 1)
			if _, lines := b.failedRows(b.NorthAdmin, job); lines[1][1] != "a2" || lines[1][9] != "2" {
				t.Errorf("%q", lines)
			}
			b.consistent()
		})

		t.Run("of a selection they are shown as in an export", func(t *testing.T) {
			b := b.on(t)
			synced := b.Student(t, b.North, "Syn", "Ced", 0, b.Biology).Update().SetSynced(1).SaveX(fixture.System())
			job := b.edited(b.NorthAdmin, these(b.student("00002"), synced, b.student("00001")), kind.Edit{Grade: "9"})
			b.want(job, ready, 0, 2, 0, 1)
			b.student("00001").Update().SetGrade(3).AddVersion(1).ExecX(fixture.System())
			job = b.applied(b.NorthAdmin, job)
			b.want(job, withErrors, 0, 1, 0, 2)
			file, lines := b.failedRows(b.NorthAdmin, job)
			if got := strings.Join(lines[0], ","); got != strings.TrimSpace(header)+",Refused Row,Refused Because,What To Do" {
				t.Errorf("header %s", got)
			}
			if got := strings.Join(lines[1][:10], "|"); got != stu(synced)+"|"+synced.ExternalID+"|Syn|Ced|"+synced.Username+
				"||"+synced.Grade.String()+"|North School|Biology|2" {
				t.Errorf("%s", got)
			}
			if lines[2][1] != "00001" || lines[2][8] != "Algebra" || !strings.Contains(lines[2][10], "changed") {
				t.Errorf("%q", lines[2])
			}
			b.want(b.verified(b.NorthAdmin, b.North, students, file), ready, 0, 0, 2, 0)
		})

		t.Run("a file that was refused as a whole has none, nor has one that is good", func(t *testing.T) {
			b := b.on(t)
			for _, file := range []string{"Nothing,Here\n1,2\n", header + ",00001,,,,,,,\n"} {
				job := b.verified(b.NorthAdmin, b.North, students, file)
				_, err := b.FailedRows(b.As(t, b.NorthAdmin), new(bytes.Buffer), job.ID)
				if !errors.Is(err, reader.ErrNoFailedRows) {
					t.Error(err)
				}
			}
		})

		t.Run("who does not see the job does not see them", func(t *testing.T) {
			b := b.on(t)
			job := b.verified(b.NorthTeacher, b.North, students, header+",x1,,,,,99,,\n")
			for _, who := range []*db.Educator{b.NorthTeacher, b.NorthAdmin, b.DistrictAdmin} {
				b.failedRows(who, job)
			}
			for _, who := range []*db.Educator{b.SouthAdmin, b.SouthTeacher, b.BetaAdmin} {
				var out bytes.Buffer
				_, err := b.FailedRows(b.As(t, who), &out, job.ID)
				has, err2 := b.HaveFailedRows(b.As(t, who), []int{job.ID})
				if !errors.Is(err, jobs.ErrNoJob) || out.Len() > 0 || has[job.ID] || err2 != nil {
					t.Errorf("%v, %v, %v, %q", err, has, err2, out.String())
				}
			}
		})

		t.Run("they are removed 90 days after the end", func(t *testing.T) {
			b := b.on(t)
			job := b.imported(b.NorthAdmin, b.North, students, header+",x2,,,,,99,,\n")
			late := &clock{now: fixture.Today.Add(89 * 24 * time.Hour)}
			later := benchOn(t, b.World, func(o *jobs.Options) { o.Now = late.Now })
			kept := func() int { return b.number("SELECT COUNT(*) FROM bulk_job_refused_rows WHERE job_id = ?", job.ID) }
			if err := later.Sweep(context.Background()); err != nil || kept() != 1 {
				t.Errorf("%d rows, %v", kept(), err)
			}
			late.Add(2 * 24 * time.Hour)
			if err := later.Sweep(context.Background()); err != nil || kept() != 0 {
				t.Errorf("%d rows, %v", kept(), err)
			}
			_, err := b.FailedRows(b.As(t, b.NorthAdmin), new(bytes.Buffer), job.ID)
			if !errors.Is(err, reader.ErrNoFailedRows) {
				t.Error(err)
			}
		})

		t.Run("of every other kind of file they come back, too", func(t *testing.T) {
			b := b.on(t)
			for kind, file := range map[bulkjob.Kind]string{
				groups: "External ID,Name,School,Room\nx,,Nowhere,r1\n",
				educators: "Extra,External ID,First Name,Last Name,Email,Password,School\nr1,e1,A,B,no " +
					"address,secret,North School\n",
				schools:     "Name,External ID,Room\n,x,r1\n",
				enrollments: "Section SIS ID,Room,SIS ID\nnowhere,r1,nobody\n",
			} {
				job := b.verified(b.DistrictAdmin, b.Alpha, kind, file)
				b.want(job, ready, 0, 0, 0, 1)
				text, lines := b.failedRows(b.DistrictAdmin, job)
				if !slices.Contains(lines[1], "r1") || strings.Contains(text, "secret") {
					t.Errorf("%s: %q", kind, lines)
				}
				b.want(b.verified(b.DistrictAdmin, b.Alpha, kind, text), ready, 0, 0, 0, 1)
			}
		})
	})
}
