package job_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
)

// correct corrects a row and returns what came of it; values are column, value and so on.
func (b *bench) correct(who *db.Educator, job *db.BulkJob, row int, values ...string) (*jobs.Corrected, error) {
	b.t.Helper()
	in := jobs.Correction{JobID: job.ID, Row: row}
	for pair := range slices.Chunk(values, 2) {
		in.Values = append(in.Values, sheet.Cell{Column: pair[0], Value: pair[1]})
	}
	c, err := b.Correct(b.As(b.t, who), in)
	if err == nil {
		b.balanced(c.Job)
	}
	return c, err
}

func (b *bench) corrects(who *db.Educator, job *db.BulkJob, row int, values ...string) (changes, problems []string) {
	b.t.Helper()
	c, err := b.correct(who, job, row, values...)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, change := range c.Changes {
		changes = append(changes, fmt.Sprintf("%s: %s → %s", change.Field, text(change.Before), text(change.After)))
	}
	for _, p := range c.Problems {
		if p.Message == "" {
			b.t.Errorf("%s %s says nothing", p.Column, p.Code)
		}
		problems = append(problems, p.Column+" "+p.Code)
	}
	return changes, problems
}

func TestCorrect(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		ada := b.Student(t, b.North, "Ada", "Lovelace", 0, b.Algebra)

		t.Run("a line of enrollments that says what another one says becomes one of its own", func(t *testing.T) {
			b := b.on(t)
			st := b.Student(t, b.North, "Dou", "Ble", 0)
			job := b.verified(b.NorthAdmin, b.North, enrollments,
				"Class,Person ID\nAlgebra,"+st.ExternalID+"\nAlgebra,"+st.ExternalID+"\n")
			b.want(job, ready, 1, 0, 1, 0)
			if changes, problems := b.corrects(b.NorthAdmin, job, 2, "Class", "Biology"); len(changes) != 1 ||
				len(problems) > 0 {
				t.Errorf("%q %q", changes, problems)
			}
			b.want(b.applied(b.NorthAdmin, b.job(job.ID)), completed, 2, 0, 0, 0)
		})
		t.Run("a refused row joins the plan, and is carried out with the others", func(t *testing.T) {
			b := b.on(t)
			job := b.verified(b.NorthAdmin, b.North, students,
				"Student ID;Note;First Name;Last Name;Username;Password;Grade;Klasse\n"+
					"c1;one;Cor;Rect;correct1;secret1;77;x\n"+
					"c2;two;Good;Row;goodrow1;;5;x\n"+
					"c3;three;Slip;Ped;Off;slipped1;secret2;5;x\n")
			b.want(job, ready, 1, 0, 0, 2)
			rows, err := b.RefusedRows(b.As(t, b.NorthAdmin), job.ID, nil, nil)
			if err != nil || len(rows.Items) != 2 || len(rows.Items[0].Problems) != 1 {
				t.Fatalf("%+v, %v", rows, err)
			}
			if got := fmt.Sprint(
				rows.Items[0].Cells); got !=
				"[{Student ID c1} {Note one} {First Name Cor} {Last Name Rect} {Username correct1} {Password set} "+
					"{Grade 77} {Klasse x}]" {
				t.Error(got)
			}
			_, problems := b.corrects(b.NorthAdmin, job, 1, "grade", "78", "Note", "first try")
			if !slices.Equal(problems, []string{"Grade UNKNOWN_GRADE"}) {
				t.Errorf("problems %q", problems)
			}
			b.want(b.job(job.ID), ready, 1, 0, 0, 2)
			changes, problems := b.corrects(b.NorthAdmin, job, 1, "Grade Level", "7", "Classes/Groups", "Algebra")
			if len(problems) > 0 || !slices.Contains(changes, "Password: - → set") ||
				!slices.Contains(changes, "Classes/Groups: - → Algebra") {
				t.Errorf("changes %q, problems %q", changes, problems)
			}
			b.want(b.job(job.ID), ready, 2, 0, 0, 1)
			// The shifted row is written again.
			changes, problems = b.corrects(b.DistrictAdmin, job, 3, "Student ID", "c3", "First Name", "Slip", "Last Name",
				"Ped, Off", "Username", "slipped1", "Grade", "5")
			if len(problems) > 0 || strings.Contains(fmt.Sprint(changes), "Password") {
				t.Errorf("changes %q, problems %q", changes, problems)
			}
			b.wantProblems(job)
			done := b.applied(b.NorthAdmin, b.job(job.ID))
			b.want(done, completed, 3, 0, 0, 0)
			if st := b.student("c1"); st.Grade.String() != "7" || st.PasswordHash == "" || b.groupsOf(st) != "Algebra" {
				t.Errorf("%+v", st)
			}
			if done.EnrollmentsAdded != 1 || b.student("c3").LastName != "Ped, Off" {
				t.Errorf("%+v", done)
			}
			b.consistent()
			b.undone(b.NorthAdmin, done, undone, 3, 0)
		})

		t.Run("what another row has claimed stays with that row", func(t *testing.T) {
			b := b.on(t)
			job := b.verified(b.NorthAdmin, b.North, students, header+
				",d1,Du,One,duone,,5,,\n"+ // 1
				",d1,Du,Two,dutwo,,5,,\n"+ // 2: the same ID.
				stu(ada)+",,,,,,8,,\n"+ // 3: Ada by Database ID.
				",d4,Du,Four,DUONE,,5,,\n"+ // 4: the username of row 1.
				",d5,Du,Five,dufive,,99,,\n") // 5
			b.want(job, ready, 1, 1, 0, 3)
			for _, c := range []struct {
				row    int
				values []string
				want   string
			}{
				{2, nil, " DUPLICATE_IN_FILE"},
				// Ada by Student ID.
				{2, []string{"Student ID", "00001", "First Name", "Ada", "Username", ""}, " DUPLICATE_IN_FILE"},
				{4, []string{"Grade", "6"}, "Username DUPLICATE_IN_FILE"},
				{5, []string{"Grade", "5", "Username", "DuOne"}, "Username DUPLICATE_IN_FILE"},
			} {
				if _, problems := b.corrects(b.NorthAdmin, job, c.row, c.values...); !slices.Equal(problems, []string{c.want}) {
					t.Errorf("row %d %q: %q, want %s", c.row, c.values, problems, c.want)
				}
			}
			b.want(b.job(job.ID), ready, 1, 1, 0, 3)
			// The first row gives the ID up, and the second may have it then.
			b.corrects(b.NorthAdmin, job, 1, "Student ID", "d9", "Username", "dunine")
			if _, problems := b.corrects(b.NorthAdmin, job, 2, "Student ID", "d1", "Username", "duone"); len(problems) > 0 {
				t.Errorf("%q", problems)
			}
			// And what it had been corrected to counts as well.
			if _, problems := b.corrects(b.NorthAdmin, job, 5, "Student ID", "d9", "Username", "dufive", "Grade",
				"5"); !slices.Equal(problems, []string{" DUPLICATE_IN_FILE"}) {
				t.Errorf("%q", problems)
			}
			if _, problems := b.corrects(b.NorthAdmin, job, 4, "Username", "dufour"); len(problems) > 0 {
				t.Errorf("%q", problems)
			}
			b.want(b.job(job.ID), ready, 3, 1, 0, 1)
			b.want(b.applied(b.NorthAdmin, b.job(job.ID)), withErrors, 3, 1, 0, 1)
			if b.student("d1").LastName != "Two" || b.student("d9").LastName != "One" {
				t.Error("the rows were mixed up")
			}
			b.consistent()
		})

		t.Run("after the end a refused row becomes a job of its own", func(t *testing.T) {
			b := b.on(t)
			job := b.imported(b.NorthAdmin, b.North, students,
				header+",e1,End,One,endone,secret,99,,\n,e2,End,Two,endtwo,,5,,\n")
			b.want(job, withErrors, 1, 0, 0, 1)
			c, err := b.correct(b.NorthAdmin, job, 1, "Grade", "5", "Password", "secret9")
			if err != nil || c.Job.ID == job.ID || c.Job.FileName != "row 1 of file.csv" {
				t.Fatalf("%+v, %v", c, err)
			}
			b.want(b.applied(b.NorthAdmin, b.drained(c.Job.ID)), completed, 1, 0, 0, 0)
			if b.student("e1").PasswordHash == "" {
				t.Error("the password was not set")
			}
			_, err = b.correct(b.NorthAdmin, job, 2, "Grade", "5")
			b.refused(err, fault.NotFound, "NOT_FOUND", "no such row")
		})

		t.Run("what cannot be corrected is refused and changes nothing", func(t *testing.T) {
			b := b.on(t)
			job := b.verified(b.NorthAdmin, b.North, students, header+",f1,Fa,Il,failone,,99,,\n,f2,Fa,Il,failtwo,,5,,\n")
			_, err := b.correct(b.NorthAdmin, job, 3, "Grade", "5")
			b.refused(err, fault.NotFound, "NOT_FOUND", "no such row")
			_, err = b.correct(b.NorthAdmin, job, 1, "Shoe Size", "5")
			b.refused(err, fault.Invalid, "UNKNOWN_COLUMN", "Shoe Size")
			_, err = b.correct(b.NorthAdmin, job, 1, "Grade", strings.Repeat("x", 70_000))
			b.refused(err, fault.Invalid, "TOO_LONG", "too long")
			for _, who := range []*db.Educator{b.SouthAdmin, b.NorthTeacher, b.BetaAdmin} {
				if _, err := b.correct(who, job, 1, "Grade", "5"); !errors.Is(err, jobs.ErrNoJob) {
					t.Errorf("%s: %v", who.Email, err)
				}
			}
			b.want(b.job(job.ID), ready, 1, 0, 0, 1)
			if _, err := b.Start(b.As(t, b.NorthAdmin), job.ID); err != nil {
				t.Fatal(err)
			}
			_, err = b.correct(b.NorthAdmin, job, 1, "Grade", "5")
			b.refused(err, fault.Conflict, "NOT_CORRECTABLE", "has been started")
			b.drained(job.ID)

			whole := b.verified(b.NorthAdmin, b.North, students, header+",f3,Fa,Il,failthree,,5,,\n", allOrNothing)
			_, err = b.correct(b.NorthAdmin, whole, 1, "Grade", "99")
			b.refused(err, fault.Invalid, "UNKNOWN_GRADE", "99")
			b.want(b.job(whole.ID), ready, 1, 0, 0, 0)
			selected := b.edited(b.NorthAdmin, these(ada), kind.Edit{Grade: "9"})
			_, err = b.correct(b.NorthAdmin, selected, 1, "Grade", "5")
			b.refused(err, fault.Invalid, "NOT_CORRECTABLE", "selected")
		})

		t.Run("corrections and a start at the same moment leave nothing half done", func(t *testing.T) {
			b := b.on(t)
			var file strings.Builder
			file.WriteString(header)
			const n = 8
			for i := range n {
				fmt.Fprintf(&file, ",r%d,Ra,Ce,racer%d,,99,,\n", i, i)
			}
			job := b.verified(b.NorthAdmin, b.North, students, file.String()+",r9,Ra,Ce,racer9,,5,,\n")
			var all sync.WaitGroup
			for i := range n {
				all.Go(func() {
					// All want the same Student ID; one gets it.
					_, err := b.Correct(b.As(t, b.NorthAdmin), jobs.Correction{JobID: job.ID, Row: i + 1,
						Values: []sheet.Cell{{Column: "Grade", Value: "5"}, {Column: "Student ID", Value: "same"}}})
					if err != nil && fault.KindOf(err) != fault.Conflict {
						t.Error(err)
					}
				})
			}
			all.Go(func() {
				if _, err := b.Start(b.As(t, b.NorthAdmin), job.ID); err != nil && fault.KindOf(err) != fault.Conflict {
					t.Error(err)
				}
			})
			all.Wait()
			got := b.job(job.ID)
			b.balanced(got)
			if got.Created > 2 || b.number("SELECT COUNT(*) FROM bulk_job_rows WHERE job_id = ?", job.ID) != got.Created ||
				b.number("SELECT COUNT(*) FROM bulk_job_refused_rows WHERE refused = 1 AND job_id = ?", job.ID) != got.Errors {
				t.Errorf("%+v", got)
			}
			b.drained(job.ID)
			b.consistent()
		})

		t.Run("rows of every kind of file are corrected", func(t *testing.T) {
			b := b.on(t)
			for kind, c := range map[bulkjob.Kind]struct{ file, column, value string }{
				groups: {"External ID,Name,School\nx,New,Nowhere\n", "School", "North School"},
				educators: {"External ID,First Name,Last Name,Email,School\ne1,A,B,no address,North School\n", "Email",
					"ab@example.org"},
				schools:     {"Name,External ID\n,x\n", "Name", "New School"},
				enrollments: {"Section SIS ID,SIS ID\nnowhere,00001\n", "Section SIS ID", "Biology"},
			} {
				job := b.verified(b.DistrictAdmin, b.Alpha, kind, c.file)
				b.want(job, ready, 0, 0, 0, 1)
				if _, problems := b.corrects(b.DistrictAdmin, job, 1, c.column, c.value); len(problems) > 0 {
					t.Errorf("%s: %q", kind, problems)
				}
				b.want(b.applied(b.DistrictAdmin, b.job(job.ID)), completed, 1, 0, 0, 0)
			}
			b.consistent()
		})
	})
}

func TestPossibleDuplicates(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		ada := b.Student(t, b.North, "Ada", "Lovelace", 0)
		grade := ada.Grade.String()
		south := b.Student(t, b.South, "Sue", "South", 0)
		gone := b.Student(t, b.North, "Gone", "Away", 0)
		gone.Update().SetDeletedAt(fixture.Today).ExecX(fixture.System())
		file := "Student ID,First Name,Last Name,Username,Grade,School\n" +
			"p1,ADA,lovelace,newada," + grade + ",North School\n" + // 1: looks like Ada.
			"p2,Ada,Lovelace,newada2,11,North School\n" + // 2: another grade.
			"p3,Sue,South,newsue," + south.Grade.String() + ",North School\n" + // 3: she is at another school.
			"p4,Gone,Away,newgone," + gone.Grade.String() + ",North School\n" + // 4: deleted.
			"p5,Ada,Love," + ada.Username + "," + grade + ",North School\n" + // 5: her username.
			"00001,Ada,Lovelace,,,\n" // 6: Ada herself.
		job := b.verified(b.DistrictAdmin, b.Alpha, students, file)
		b.want(job, ready, 4, 0, 1, 1)
		b.wantProblems(job, `row 1 warning  POSSIBLE_DUPLICATE ""`, `row 5 Username USERNAME_TAKEN "`+ada.Username+`"`)
		for _, code := range []string{"POSSIBLE_DUPLICATE", "USERNAME_TAKEN"} {
			if hint := b.hint(job, code); !strings.Contains(hint, "Ada Lovelace (00001)") || !strings.Contains(hint, stu(ada)) {
				t.Errorf("%s: %s", code, hint)
			}
		}
		for _, p := range b.Client().BulkJobProblem.Query().AllX(fixture.System()) {
			if !slices.Equal(p.Candidates, []int{ada.ID}) {
				t.Errorf("%s offers %v", p.Code, p.Candidates)
			}
		}
		t.Run("the match is accepted by the Database ID", func(t *testing.T) {
			b := b.on(t)
			_, err := b.correct(b.DistrictAdmin, job, 1, "Database ID", stu(ada), "Student ID", "00001")
			if err != nil {
				t.Fatal(err)
			}
			// Row 6 is about Ada, too.
			b.want(b.job(job.ID), ready, 3, 0, 1, 2)
			b.corrects(b.DistrictAdmin, job, 6, "Student ID", "p6", "Username", "newada6", "Grade", "3",
				"School", "North School")
			changes, problems := b.corrects(b.DistrictAdmin, job, 1)
			if len(problems) > 0 || !slices.Contains(changes, "Username: "+ada.Username+" → newada") {
				t.Errorf("%q %q", changes, problems)
			}
			b.want(b.job(job.ID), ready, 4, 1, 0, 1)
			b.want(b.applied(b.DistrictAdmin, b.job(job.ID)), withErrors, 4, 1, 0, 1)
			if st := b.student("00001"); st.ID != ada.ID || st.Username != "newada" {
				t.Errorf("%+v", st)
			}
		})
		t.Run("nobody is offered whom the submitter does not see", func(t *testing.T) {
			b := b.on(t)
			job := b.verified(b.SouthAdmin, b.South, students,
				"Student ID,First Name,Last Name,Username,Grade\nq1,Ada,Lovelace,newada,"+grade+"\n")
			b.wantProblems(job, `row 1 Username USERNAME_TAKEN "newada"`)
			if hint := b.hint(job, "USERNAME_TAKEN"); strings.Contains(hint, "Ada") {
				t.Error(hint)
			}
			hidden := b.Student(t, b.North, "Hid", "Den", 0, b.Biology)
			job = b.verified(b.NorthTeacher, b.North, students,
				"Student ID,First Name,Last Name,Username,Grade,Classes\nq2,Hid,Den,hidden2,"+hidden.Grade.String()+",Algebra\n")
			if ids := b.Client().Student.Query().IDsX(b.As(t, b.NorthTeacher)); slices.Contains(ids, hidden.ID) {
				t.Fatal("the teacher sees the namesake")
			}
			b.wantProblems(job)
		})
	})
}
