package job_test

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
)

// If a spreadsheet program saves an export in an encoding that lacks some of its letters,
// importing it changes nothing, and the problems say what is wrong.
func TestNamesOfWhichLettersWereLost(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.smallSchool()
		lukasz := b.Student(t, b.North, "Łukasz", "Żółw", 0)
		zoe := b.Student(t, b.North, "Zoë", "Müller", 0)
		b.exec("UPDATE students SET username = ?, username_key = ? WHERE id = ?", "łukasz", "łukasz", lukasz.ID)
		row := func(st *db.Student, names string) string { return "," + st.ExternalID + "," + names + ",,,,,\n" }

		t.Run("a file in Windows-1252", func(t *testing.T) {
			b := b.on(t)
			file, err := encoding.ReplaceUnsupported(charmap.Windows1252.NewEncoder()).String(header +
				row(lukasz, "Łukasz,Żółw") + row(zoe, "Zoë,Müller") + "," + lukasz.ExternalID + "9,Łucja,New,lucja,,7,N,\n" +
				row(b.student("00003"), "?arl,"))
			if err != nil {
				t.Fatal(err)
			}
			// The encoder has its own sign of what it lacks; spreadsheet programs write a question mark.
			job := b.verified(b.DistrictAdmin, b.Alpha, students, questionMarks(file))
			b.wantProblems(job, `row 1 warning First Name DAMAGED_TEXT "?ukasz"`, `row 1 warning Last Name DAMAGED_TEXT "?ó?w"`,
				`row 3 warning First Name DAMAGED_TEXT "?ucja"`, `row 4 warning First Name DAMAGED_TEXT "?arl"`)
			b.want(job, ready, 1, 1, 2, 0)
			b.want(b.applied(b.DistrictAdmin, job), completed, 1, 1, 2, 0)
			if st := b.student(lukasz.ExternalID); st.FirstName != "Łukasz" || st.LastName != "Żółw" {
				t.Errorf("%s %s", st.FirstName, st.LastName)
			}
		})
		t.Run("UTF-8 that was read as Windows-1252", func(t *testing.T) {
			b := b.on(t)
			job := b.verified(b.DistrictAdmin, b.Alpha, students,
				header+row(zoe, "ZoÃ«,MÃ¼ller")+row(b.student("00001"), "ZoÃ«,MÃ¼ller")+",n1,JosÃ©,New,newjose,,7,N,\n")
			b.wantProblems(job, `row 1 warning First Name DAMAGED_TEXT "ZoÃ«"`, `row 1 warning Last Name DAMAGED_TEXT "MÃ¼ller"`,
				`row 2 warning First Name DAMAGED_TEXT "ZoÃ«"`, `row 2 Last Name DAMAGED_TEXT "MÃ¼ller"`,
				`row 3 First Name DAMAGED_TEXT "JosÃ©"`)
			b.want(job, ready, 0, 0, 1, 2)
		})
		t.Run("names that only look so", func(t *testing.T) {
			b := b.on(t)
			job := b.verified(b.DistrictAdmin, b.Alpha, students,
				header+",l1,Pawe?,KNÍŽEK,lookslike1,,7,N,\n,l2,RENÉ’S,Groß–Klein,lookslike2,,7,N,\n")
			b.wantProblems(job, `row 1 warning First Name DAMAGED_TEXT "Pawe?"`)
			b.want(job, ready, 2, 0, 0, 0)
			job = b.verified(b.DistrictAdmin, b.Alpha, groups, "Name,School\nWho am I?,North School\nVoß’ Kurs,North School\n")
			b.want(job, ready, 2, 0, 0, 0)
			b.wantProblems(job)
		})
		t.Run("of a username", func(t *testing.T) {
			b := b.on(t)
			job := b.verified(b.DistrictAdmin, b.Alpha, students, header+","+lukasz.ExternalID+",,,?ukasz,,,,\n")
			b.wantProblems(job, `row 1 warning Username DAMAGED_ID "?ukasz"`)
			b.want(job, ready, 0, 0, 1, 0)
		})
		t.Run("of classes, schools and educators", func(t *testing.T) {
			b := b.on(t)
			b.Client().Group.UpdateOne(b.Algebra).SetName("Ćwiczenia").SetNameKey("ćwiczenia").ExecX(fixture.System())
			b.Client().Organization.UpdateOne(b.South).SetName("Szkoła").SetNameKey("szkoła").ExecX(fixture.System())
			b.Client().Educator.UpdateOne(b.NorthTeacher).SetFirstName("Michał").ExecX(fixture.System())
			job := b.verified(b.DistrictAdmin, b.Alpha, groups,
				"Database ID,Name,School\n"+grp(b.Algebra)+",?wiczenia,North School\n,KlÃ¤sse,North School\n")
			b.wantProblems(job, `row 1 warning Name DAMAGED_TEXT "?wiczenia"`, `row 2 Name DAMAGED_TEXT "KlÃ¤sse"`)
			b.want(job, ready, 0, 0, 1, 1)
			job = b.verified(b.DistrictAdmin, b.Alpha, schools, "External ID,Name\nS,Szko?a\nnew,SzkÃ´ÅÂ\n")
			b.wantProblems(job, `row 1 warning Name DAMAGED_TEXT "Szko?a"`)
			job = b.verified(b.DistrictAdmin, b.Alpha, educators, "Database ID,External ID,First Name,Last Name,Email,School\n"+
				edu(b.NorthTeacher)+",,Micha?,,,\n,e1,MichÃ¤l,New,,North School\n")
			b.wantProblems(job, `row 1 warning First Name DAMAGED_TEXT "Micha?"`, `row 2 First Name DAMAGED_TEXT "MichÃ¤l"`)
			b.want(job, ready, 0, 0, 1, 1)
		})
	})
}

// questionMarks replaces the marks that an encoder has written for missing letters.
func questionMarks(text string) string { return strings.ReplaceAll(text, "\x1a", "?") }
