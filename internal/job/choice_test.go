package job_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/catalog"
	"github.com/openhomeroom/homeroom/internal/job/columns"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
)

// TestColumnsThatSomebodyChooses has a file read as a person says, and remembers that for later
// files with the same headers, once the first has been started.
func TestColumnsThatSomebodyChooses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		const file = "Kennung,Rufname,Zuname,Konto,Stufe,Memo\nk%,Ann,Lee,annlee%,3,Kim\n"
		choices := []sheet.Choice{{Header: "Kennung", Column: "student id"}, {Header: "Rufname", Column: "First Name"},
			{Header: "Zuname", Column: "Last Name"}, {Header: "konto", Column: "Username"},
			{Header: "Stufe", Column: "Grade"}, {Header: "Memo"}}
		submit := func(who *db.Educator, n string, list []sheet.Choice) *db.BulkJob {
			job, err := b.Submit(b.As(t, who), jobs.Submission{OrganizationID: b.North.ID, Kind: students, FileName: "a.csv",
				File: strings.NewReader(strings.ReplaceAll(file, "%", n)), Columns: list})
			if err != nil {
				t.Fatal(err)
			}
			return b.drained(job.ID)
		}
		admin := b.NorthAdmin
		tried := submit(admin, "1", choices)
		if tried.Status != bulkjob.StatusREADY || tried.Created != 1 || strings.Join(tried.IgnoredHeaders, ",") != "Memo" {
			t.Fatalf("%s, %d created, not read: %v", tried.Status, tried.Created, tried.IgnoredHeaders)
		}
		if again := submit(admin, "2", nil); again.Status != bulkjob.StatusFAILED {
			t.Errorf("a file that was not started is remembered: %s", again.Status)
		}
		b.applied(admin, tried)
		for name, who := range map[string]*db.Educator{"the same person": admin, "a teacher there": b.NorthTeacher} {
			again := submit(who, "3", nil)
			if again.Status != bulkjob.StatusREADY {
				t.Errorf("%s: %s", name, again.Status)
			}
			if c, err := columns.Of(again); err != nil || c == nil || c.From != tried.ID {
				t.Errorf("%s: remembered %+v, %v", name, c, err)
			}
		}
		if plain := submit(admin, "4", []sheet.Choice{}); plain.Status != bulkjob.StatusFAILED {
			t.Errorf("an empty list does not forget: %s", plain.Status)
		}
	})
}

// TestWhatATeacherChoosesIsNotRememberedForOthers holds that a teacher does not decide how the
// files of administrators are read.
func TestWhatATeacherChoosesIsNotRememberedForOthers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.Student(t, b.North, "Ada", "Byron", 0, b.Algebra)
		submit := func(who *db.Educator, list []sheet.Choice) *db.BulkJob {
			job, err := b.Submit(b.As(t, who), jobs.Submission{OrganizationID: b.North.ID, Kind: students, FileName: "a.csv",
				File:    strings.NewReader("Student ID,First Name,Last Name,Grade,Memo,Class\nx1,Ann,Lee,3,annlee,Algebra\n"),
				Columns: list})
			if err != nil {
				t.Fatal(err)
			}
			return b.drained(job.ID)
		}
		first := submit(b.NorthTeacher, []sheet.Choice{{Header: "Memo", Column: "Username"}})
		b.applied(b.NorthTeacher, first)
		if again := submit(b.NorthTeacher, nil); len(again.IgnoredHeaders) > 0 {
			t.Errorf("the teacher's own choice is forgotten: %v", again.IgnoredHeaders)
		}
		if other := submit(b.NorthAdmin, nil); strings.Join(other.IgnoredHeaders, "") != "Memo" {
			t.Error("an administrator's file is read as a teacher has said")
		}
	})
}

// TestChoicesThatMakeNoSense are refused before anything of the file is read.
func TestChoicesThatMakeNoSense(t *testing.T) {
	t.Parallel()
	files := catalog.Files()
	for name, c := range map[string]struct {
		list []sheet.Choice
		code string
	}{
		"an unknown column":      {[]sheet.Choice{{Header: "Memo", Column: "Shoe Size"}}, "UNKNOWN_COLUMN"},
		"a column of exports":    {[]sheet.Choice{{Header: "Memo", Column: "Minutes"}}, "UNKNOWN_COLUMN"},
		"no header":              {[]sheet.Choice{{Header: " - ", Column: "Grade"}}, "UNKNOWN_COLUMN"},
		"a header twice":         {[]sheet.Choice{{Header: "Memo", Column: "Grade"}, {Header: "memo", Column: ""}}, "DUPLICATE_COLUMN"},
		"the same header again":  {[]sheet.Choice{{Header: "memo", Column: "Grade"}, {Header: "Memo", Column: ""}}, "DUPLICATE_COLUMN"},
		"a column twice":         {[]sheet.Choice{{Header: "Memo", Column: "Grade"}, {Header: "Note", Column: "grade"}}, "DUPLICATE_COLUMN"},
		"passwords in the open":  {[]sheet.Choice{{Header: "Initial password", Column: "First Name"}}, "PASSWORD_COLUMN"},
		"more than there can be": {make([]sheet.Choice, 101), "TOO_MANY"},
		"a whole name and a part": {[]sheet.Choice{{Header: "Name", Column: sheet.NameLastFirst},
			{Header: "Note", Column: "First Name"}}, "DUPLICATE_COLUMN"},
		"a part and a whole name": {[]sheet.Choice{{Header: "Note", Column: "Last Name"},
			{Header: "Name", Column: sheet.NameFirstLast}}, "DUPLICATE_COLUMN"},
		"both parts": {[]sheet.Choice{{Header: "Note", Column: "Last Name"}, {Header: "Memo", Column: "First Name"}}, ""},
	} {
		if err := files.CheckChoices(students, c.list); (err == nil) != (c.code == "") || err != nil && err.Code != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := files.CheckChoices(schools, []sheet.Choice{{Header: "Memo", Column: sheet.NameLastFirst}}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a school has a first name: %v", err)
	}
}

// TestWhatAHeaderMayMean proposes columns by similar names and by the values.
func TestWhatAHeaderMayMean(t *testing.T) {
	t.Parallel()
	readings := catalog.Files().Readings(students,
		[]string{"Stduent ID", "FirstNme", "Last Name", "Jgst", "Birthday", "Password", "xyz"}, nil,
		[][]string{{"1", "Ann", "Lee", "3rd", "2015-01-02", "a", "?"}, {"2", "Bo", "Lee", "Kinder", "2015-01-03", "b", "!"}})
	var got []string
	for _, r := range readings {
		got = append(got, r.Header+": "+strings.Join(r.Columns, "+")+" "+string(r.How)+" "+r.Maybe)
	}
	want := []string{"Stduent ID:  NOT_READ Student ID", "FirstNme:  NOT_READ First Name", "Last Name: Last Name HEADER ",
		"Jgst:  NOT_READ Grade", "Birthday:  NOT_READ ", "Password: Password HEADER ", "xyz:  NOT_READ "}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	split := catalog.Files().Readings(students, []string{"Student ID", "Student Name"},
		&sheet.Choices{List: []sheet.Choice{{Header: "Student Name", Column: "name (first last)"}}, From: 7}, nil)[1]
	if strings.Join(split.Columns, "+") != "First Name+Last Name" || split.How != sheet.Remembered {
		t.Errorf("a name is read as %+v", split)
	}
}

// TestFilesOfOthersHideNoChoice has many files of somebody else, for whom nobody else's count,
// between a choice and the next file.
func TestFilesOfOthersHideNoChoice(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.Student(t, b.North, "Ada", "Byron", 0, b.Algebra)
		submit := func(who *db.Educator, id string, list []sheet.Choice) *db.BulkJob {
			job, err := b.Submit(b.As(t, who), jobs.Submission{OrganizationID: b.North.ID, Kind: students, FileName: "a.csv",
				File: strings.NewReader(strings.ReplaceAll(
					"Student ID,First Name,Last Name,Grade,Memo,Class\n%,Ann,Lee,3,%annlee,Algebra\n", "%", id)),
				Columns: list})
			if err != nil {
				t.Fatal(err)
			}
			return b.drained(job.ID)
		}
		memo := []sheet.Choice{{Header: "Memo", Column: "Username"}}
		b.applied(b.NorthAdmin, submit(b.NorthAdmin, "x1", memo))
		for range 21 {
			b.applied(b.NorthTeacher, submit(b.NorthTeacher, "x1", memo))
		}
		if next := submit(b.NorthAdmin, "x2", nil); len(next.IgnoredHeaders) > 0 || next.Created != 1 {
			t.Errorf("the choice is forgotten: %v", next.IgnoredHeaders)
		}
	})
}

// TestACorrectedRowIsReadAsItsFileWas holds that what somebody says later about the headers
// counts neither for a row of an earlier file, nor is forgotten because of one.
func TestACorrectedRowIsReadAsItsFileWas(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		submit := func(id, grade string, list []sheet.Choice) *db.BulkJob {
			job, err := b.Submit(b.As(t, b.NorthAdmin), jobs.Submission{OrganizationID: b.North.ID, Kind: students,
				FileName: "a.csv", Columns: list, File: strings.NewReader(strings.NewReplacer("%", id, "#", grade).Replace(
					"Student ID,First Name,Last Name,Username,Grade,Memo\n%,Ann,Lee,%annlee,#,Algebra\n%0,Bea,Lee,%bealee,3,Algebra\n"))})
			if err != nil {
				t.Fatal(err)
			}
			return b.drained(job.ID)
		}
		first := b.applied(b.NorthAdmin, submit("x1", "17", nil))
		b.want(first, withErrors, 1, 0, 0, 1)
		b.applied(b.NorthAdmin, submit("x2", "3", []sheet.Choice{{Header: "Memo", Column: "Classes/Groups"}}))
		again, err := b.correct(b.NorthAdmin, first, 1, "Grade", "3")
		if err != nil {
			t.Fatal(err)
		}
		job := b.drained(again.Job.ID)
		b.want(job, ready, 1, 0, 0, 0)
		if strings.Join(job.IgnoredHeaders, "") != "Memo" || job.EnrollmentsAdded != 0 {
			t.Errorf("the row is read as a later file: %v", job.IgnoredHeaders)
		}
		b.applied(b.NorthAdmin, job)
		if next := submit("x3", "3", nil); len(next.IgnoredHeaders) > 0 {
			t.Errorf("the choice is forgotten because of a corrected row: %v", next.IgnoredHeaders)
		}
	})
}

// TestWhichChoicesAreRecalled asks for the choices of a file after jobs that differ in one thing
// from a job whose choices are recalled.
func TestWhichChoicesAreRecalled(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		headers := []string{"Kennung", "Rufname", "Badge"}
		made := func(column string, change func(*db.BulkJobCreate)) *db.BulkJob {
			text, err := columns.Encode(&sheet.Choices{List: []sheet.Choice{{Header: "Kennung", Column: column}}, Shared: true})
			if err != nil {
				t.Fatal(err)
			}
			create := b.Client().BulkJob.Create().SetDistrictID(b.Alpha.ID).SetOrganizationID(b.North.ID).
				SetSubmittedBy(b.DistrictAdmin.ID).SetKind(students).SetStatus(bulkjob.StatusCOMPLETED).
				SetStartedAt(fixture.Today).SetHeaderPrint(sheet.PrintOf(students, headers)).SetChoices(text)
			if change != nil {
				change(create)
			}
			return create.SaveX(fixture.System())
		}
		recalled := func(of *db.BulkJob) *sheet.Choices {
			t.Helper()
			c, err := columns.Recall(fixture.System(), b.Client(), of, headers)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		none := func(c *db.BulkJobCreate) { c.SetStatus(bulkjob.StatusREADY).Mutation().ResetChoices() }
		if c := recalled(made("", none)); c != nil {
			t.Errorf("before anything was said: %+v", c)
		}
		first := made("Student ID", nil)
		last := first
		for what, change := range map[string]func(*db.BulkJobCreate){
			"at another school":          func(c *db.BulkJobCreate) { c.SetOrganizationID(b.South.ID) },
			"at the district":            func(c *db.BulkJobCreate) { c.SetOrganizationID(b.Alpha.ID) },
			"of another kind":            func(c *db.BulkJobCreate) { c.SetKind(educators) },
			"of a job that nobody began": func(c *db.BulkJobCreate) { c.Mutation().ResetStartedAt() },
			"of a job that failed":       func(c *db.BulkJobCreate) { c.SetStatus(bulkjob.StatusFAILED) },
			"of a job that was canceled": func(c *db.BulkJobCreate) { c.SetStatus(bulkjob.StatusCANCELED) },
			"of a job that was undone":   func(c *db.BulkJobCreate) { c.SetStatus(bulkjob.StatusUNDONE) },
			"of other headers": func(c *db.BulkJobCreate) {
				c.SetHeaderPrint(sheet.PrintOf(students, []string{"Kennung", "RufnameBadge"}))
			},
			"for the submitter alone": func(c *db.BulkJobCreate) {
				c.SetSubmittedBy(b.NorthTeacher.ID).SetChoices([]byte(`{"list": [{"header": "Kennung", "column": "Grade"}]}`))
			},
		} {
			made("Grade", change)
			if c := recalled(made("", none)); c == nil || c.From != last.ID || c.List[0].Column != "Student ID" {
				t.Errorf("what was said %s is recalled as %+v", what, c)
			}
		}
		for _, status := range []bulkjob.Status{bulkjob.StatusPROCESSING, bulkjob.StatusPARTIALLY_UNDONE} {
			last = made("Username", func(c *db.BulkJobCreate) { c.SetStatus(status) })
			if c := recalled(made("", none)); c == nil || c.From != last.ID || c.List[0].Column != "Username" {
				t.Errorf("what was said last, of a job that is %s, is recalled as %+v", status, c)
			}
		}
		// What was recalled says from which job, however often it is recalled.
		made("Username", func(c *db.BulkJobCreate) {
			c.SetChoices([]byte(fmt.Sprintf(`{"list": [{"header": "Kennung", "column": "Username"}], "from": %d, "shared": true}`,
				first.ID)))
		})
		if c := recalled(made("", none)); c == nil || c.From != first.ID {
			t.Errorf("what was recalled before is from %+v; want job %d", c, first.ID)
		}
		if c := recalled(first); c != nil {
			t.Errorf("a job recalls what was said later: %+v", c)
		}
	})
}
