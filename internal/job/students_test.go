package job_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
)

func stu(st *db.Student) string { return globalid.Encode(globalid.Student, st.ID) }
func grp(g *db.Group) string    { return globalid.Encode(globalid.Group, g.ID) }

func TestStudentsAreCreatedAndChanged(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		ada := b.Student(t, b.North, "Ada", "Lovelace", 90, b.Algebra)
		bob := b.Student(t, b.North, "Bob", "Noyce", 0)
		job := b.verified(b.DistrictAdmin, b.Alpha, students, header+
			stu(ada)+",00001,Ada,King,ada00001,,8,North School,Biology;Algebra\n"+
			",00002,,,,,,,\n"+
			",00003,Zoë,O’Neil,zoe.o,secret1,k,S,Chemistry\n"+
			",00004,Tim,Cook,timc,,12,,\n")
		b.want(job, ready, 1, 1, 1, 1)
		b.wantProblems(job, `row 4 School REQUIRED ""`)
		b.wantChanges(b.DistrictAdmin, job,
			"1 Ada Lovelace (00001) Last Name: Lovelace → King",
			"1 Ada Lovelace (00001) Grade: 7 → 8",
			"1 Ada Lovelace (00001) Classes/Groups: Algebra → Algebra;Biology",
			"3 Zoë O’Neil (00003) Student ID: - → 00003",
			"3 Zoë O’Neil (00003) First Name: - → Zoë",
			"3 Zoë O’Neil (00003) Last Name: - → O’Neil",
			"3 Zoë O’Neil (00003) Username: - → zoe.o",
			"3 Zoë O’Neil (00003) Grade: - → K",
			"3 Zoë O’Neil (00003) School: - → South School",
			"3 Zoë O’Neil (00003) Password: - → set",
			"3 Zoë O’Neil (00003) Classes/Groups: - → Chemistry")
		if n, err := b.CountChanges(b.As(t, b.DistrictAdmin), job.ID); n != 11 || err != nil {
			t.Errorf("%d changes, %v", n, err)
		}
		if job.EnrollmentsAdded != 2 || job.EnrollmentsRemoved != 0 {
			t.Errorf("enrollments +%d -%d", job.EnrollmentsAdded, job.EnrollmentsRemoved)
		}
		if got := b.student("00001"); got.LastName != "Lovelace" {
			t.Errorf("changed before the start: %v", got)
		}
		job = b.applied(b.DistrictAdmin, job)
		b.want(job, withErrors, 1, 1, 1, 1)
		zoe := b.student("00003")
		if zoe.OrganizationID != b.South.ID || zoe.Grade != 0 || zoe.PasswordHash == "" || zoe.SortName != "o’neil  zoe" ||
			zoe.Ungrouped != 0 || b.groupsOf(zoe) != "Chemistry" {
			t.Errorf("created %+v", zoe)
		}
		if got := b.student("00001"); got.LastName != "King" || got.SortName != "king  ada" || got.Grade != 8 ||
			b.groupsOf(got) != "Algebra, Biology" || len(got.Edges.SearchWords) != 4 {
			t.Errorf("updated %+v", got)
		}
		if got := b.student("00002"); got.Version != bob.Version {
			t.Errorf("an unchanged student has version %d", got.Version)
		}
		page, err := b.Changes(b.As(t, b.DistrictAdmin), job.ID, nil, nil)
		if err != nil || page.Items[3].StudentID != zoe.ID || page.Items[0].StudentID != ada.ID {
			t.Errorf("students of the changes: %+v %v", page.Items, err)
		}
		b.consistent()
	})
}

// A table of single rows for the district administrator: the file has the header
// of an export, and one row that is refused or passes.
func TestStudentRowsThatAreRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		ada := b.Student(t, b.North, "Ada", "Lovelace", 90, b.Algebra)
		bob := b.Student(t, b.North, "Bob", "Noyce", 0)
		far := b.Student(t, b.East, "Far", "Away", 0)
		syn := b.Student(t, b.North, "Syn", "Ced", 0).Update().SetSynced(1).SaveX(fixture.System())
		old := b.Student(t, b.South, "Old", "Timer", 0).Update().SetDeletedAt(fixture.Today.Add(-91 * 24 * time.Hour)).
			SaveX(fixture.System())
		odd := b.Student(t, b.North, "Odd", "One", 0).Update().SetExternalID("1.2E+10").SaveX(fixture.System())
		twin1 := b.Group(t, b.North, "Twin")
		b.Group(t, b.North, "Twin")
		b.Client().Group.UpdateOne(twin1).SetExternalID("T1").ExecX(fixture.System())
		b.Group(t, b.North, "X9")
		b.Group(t, b.North, "Other").Update().SetExternalID("X9").ExecX(fixture.System())
		b.Group(t, b.South, "Latin")

		for _, c := range []struct {
			name, row string
			problems  string // Joined by " | "; empty if the row has none.
		}{
			{"without any id", ",,Ada,,,,,,", `row 1 Student ID REQUIRED ""`},
			{"new, with nothing else", ",new1,,,,,,N,",
				`row 1 First Name REQUIRED "" | row 1 Last Name REQUIRED "" | row 1 Username REQUIRED "" | row 1 Grade REQUIRED ""`},
			{"with a Database ID of another district", stu(far) + ",,,,,,8,,", fmt.Sprintf(`row 1 Database ID UNKNOWN_STUDENT %q`, stu(far))},
			{"with a Database ID that is none", "4711,,,,,,8,,", `row 1 Database ID UNKNOWN_STUDENT "4711"`},
			{"with the Database ID of a group", grp(b.Algebra) + ",,,,,,8,,", fmt.Sprintf(`row 1 Database ID UNKNOWN_STUDENT %q`, grp(b.Algebra))},
			{"with two ids of two students", stu(ada) + ",00002,,,,,8,,", `row 1 Student ID ID_MISMATCH "00002"`},
			{"with the Student ID of somebody deleted long ago", ",00005,Old,Timer,oldt,,7,S,", `row 1 Student ID EXTERNAL_ID_TAKEN "00005"`},
			{"with a Student ID that is too long", "," + strings.Repeat("9", 65) + ",New,One,newone,,7,N,", `row 1 Student ID TOO_LONG "` + strings.Repeat("9", 65) + `"`},
			{"new, with a damaged Student ID", ",1.23E+05,New,One,newone,,7,N,", `row 1 Student ID DAMAGED_ID "1.23E+05"`},
			{"whose Student ID became damaged", stu(ada) + ",1.23E+05,,,,,8,,", `row 1 Student ID DAMAGED_ID "1.23E+05"`},
			{"whose damaged Student ID is on record", ",1.2E+10,,,,,8,,", `row 1 warning Student ID DAMAGED_ID "1.2E+10"`},
			{"whose Student ID lost its zeros", stu(ada) + ",1,,,,,8,,", `row 1 warning Student ID DAMAGED_ID "1"`},
			{"whose Student ID lost its zeros without a Database ID", ",1,Ada,Lovelace,ada00001,,8,N,", `row 1 Username USERNAME_TAKEN "ada00001"`},
			{"with an unknown grade", stu(ada) + ",,,,,,14,,", `row 1 Grade UNKNOWN_GRADE "14"`},
			{"with a short username", stu(ada) + ",,,,ab,,,,", `row 1 Username TOO_SHORT "ab"`},
			{"with a username that differs only in case from another's", stu(ada) + ",,,,BOB00002,,,,", `row 1 Username USERNAME_TAKEN "BOB00002"`},
			{"with the own username in capitals", stu(ada) + ",,,,ADA00001,,,,", ""},
			{"with a short password", stu(ada) + ",,,,,abc,,,", `row 1 Password PASSWORD_TOO_SHORT ""`},
			{"that clears what cannot be", stu(ada) + ",[clear],[clear],[clear],[clear],,[clear],[CLEAR],", `row 1 Student ID CANNOT_CLEAR "[clear]"`},
			{"that clears fields", stu(ada) + ",,[clear],[clear],[clear],,[clear],[CLEAR],",
				`row 1 School CANNOT_CLEAR "[CLEAR]" | row 1 First Name CANNOT_CLEAR "[clear]" | row 1 Last Name CANNOT_CLEAR "[clear]" | row 1 Username CANNOT_CLEAR "[clear]" | row 1 Grade CANNOT_CLEAR "[clear]"`},
			{"of an unknown school", stu(ada) + ",,,,,,8,Hogwarts,", `row 1 School UNKNOWN_SCHOOL "Hogwarts"`},
			{"of an unknown school, with more that is wrong", ",new2,Ada,,ab,,14,Hogwarts,",
				`row 1 School UNKNOWN_SCHOOL "Hogwarts" | row 1 Username TOO_SHORT "ab" | row 1 Grade UNKNOWN_GRADE "14"`},
			{"of the district", stu(ada) + ",,,,,,8,Alpha District,", `row 1 School NOT_A_SCHOOL "Alpha District"`},
			{"of a synced student with a new grade", stu(syn) + ",,,,,,8,,", `row 1 Grade SYNCED_STUDENT "8"`},
			{"of a synced student with a new school", stu(syn) + ",,,,,,,South School,", `row 1 School SYNCED_STUDENT "South School"`},
			{"of a synced student as it is", stu(syn) + ",00004,Syn,Ced,syn00004,,7,N,", ""},
			{"of a synced student with a group", stu(syn) + ",,,,,,,,Biology", ""},
			{"with a synced group", stu(ada) + ",,,,,,,,Homeroom 7", `row 1 Classes/Groups SYNCED_GROUP "Homeroom 7"`},
			{"with an unknown group", stu(ada) + ",,,,,,,,Potions", `row 1 Classes/Groups UNKNOWN_GROUP "Potions"`},
			{"that clears its groups beside others", stu(ada) + ",,,,,,,,Biology;[Clear]", `row 1 Classes/Groups CANNOT_CLEAR "Biology;[Clear]"`},
			{"with a group of another district", stu(ada) + ",,,,,,,,Drama", `row 1 Classes/Groups UNKNOWN_GROUP "Drama"`},
			{"with the Database ID of a group of another district", stu(ada) + ",,,,,,,," + grp(b.Drama), fmt.Sprintf(`row 1 Classes/Groups UNKNOWN_GROUP %q`, grp(b.Drama))},
			{"with a group of another school by name", stu(ada) + ",,,,,,,,Latin", `row 1 Classes/Groups OTHER_SCHOOL "Latin"`},
			{"with a group of another school by Database ID", stu(ada) + ",,,,,,,," + grp(b.Chemistry), `row 1 Classes/Groups OTHER_SCHOOL "Chemistry"`},
			{"with a name that two groups have", stu(ada) + ",,,,,,,,Algebra;twin", `row 1 Classes/Groups AMBIGUOUS_GROUP "twin"`},
			{"with the external id of one of two groups of a name", stu(ada) + ",,,,,,,,T1", ""},
			{"with one group's external id that is another's name", stu(ada) + ",,,,,,,,X9", `row 1 Classes/Groups AMBIGUOUS_GROUP "X9"`},
			{"with too many groups", stu(ada) + ",,,,,,,," + strings.Repeat("Algebra;", 101), `row 1 Classes/Groups TOO_MANY "` + strings.Repeat("Algebra;", 32)[:254] + `…"`},
			{"with more cells than headers", stu(ada) + ",00001,Ada,Lovelace,ada00001,secret1,7,North,School,Algebra", `row 1  EXTRA_CELLS ""`},
		} {
			t.Run("a row "+c.name, func(t *testing.T) {
				b := &bench{World: b.World, Service: b.Service, t: t}
				job := b.verified(b.DistrictAdmin, b.Alpha, students, header+c.row+"\n")
				if got := strings.ReplaceAll(b.problems(job), "\n", " | "); got != c.problems {
					t.Errorf("problems %s\nwant     %s", got, c.problems)
				}
				wantErrors := 0
				if c.problems != "" && !strings.Contains(c.problems, "warning") {
					wantErrors = 1
				}
				if job.Errors != wantErrors || job.Status != ready {
					t.Errorf("%d errors, %s", job.Errors, job.Status)
				}
				b.balanced(job)
				if wantErrors == 1 && b.number("SELECT COUNT(*) FROM bulk_job_rows WHERE job_id = ?", job.ID) != 0 {
					t.Error("a refused row has a plan")
				}
			})
		}
		_, _, _ = bob, old, odd

		t.Run("hints name what helps", func(t *testing.T) {
			b := &bench{World: b.World, Service: b.Service, t: t}
			job := b.verified(b.DistrictAdmin, b.Alpha, students, header+
				stu(ada)+",,,,,,,,twin\n"+stu(bob)+",,,,,,,,Latin\n,1,Ada,Lovelace,ada00001,,8,N,\n")
			for code, wants := range map[string][]string{
				"AMBIGUOUS_GROUP": {"Twin (external ID T1, Database ID " + grp(twin1) + ")", "2 classes or groups"},
				"OTHER_SCHOOL":    {"at South School", "Move the student"},
				"USERNAME_TAKEN":  {"Ada Lovelace (00001)", "spreadsheet"},
			} {
				for _, want := range wants {
					if got := b.hint(job, code); !strings.Contains(got, want) {
						t.Errorf("%s: %s; want %s", code, got, want)
					}
				}
			}
		})
	})
}

func TestStudentRowsAmongEachOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		ada := b.Student(t, b.North, "Ada", "Lovelace", 90)
		bob := b.Student(t, b.North, "Bob", "Noyce", 0)
		job := b.verified(b.DistrictAdmin, b.Alpha, students, header+
			stu(ada)+",,,,,,8,,\n"+
			",00001,,,,,9,,\n"+ // The same student.
			",n1,New,One,newone,,7,N,\n"+
			",n1,New,Two,newtwo,,7,N,\n"+ // The same Student ID.
			",n2,New,Three,NEWONE,,7,N,\n"+ // The same username.
			",n3,New,Four,ab,,7,N,\n"+ // Refused, so it takes nothing.
			stu(bob)+",n4,,,,,,,\n"+
			",n4,New,Five,newfive,,7,N,\n") // The Student ID that row 7 takes.
		b.want(job, ready, 1, 2, 0, 5)
		b.wantProblems(job,
			`row 2  DUPLICATE_IN_FILE ""`,
			`row 4  DUPLICATE_IN_FILE ""`,
			`row 5 Username DUPLICATE_IN_FILE "NEWONE"`,
			`row 6 Username TOO_SHORT "ab"`,
			`row 8  DUPLICATE_IN_FILE ""`)
		job = b.applied(b.DistrictAdmin, job)
		b.want(job, withErrors, 1, 2, 0, 5)

		swap := b.verified(b.DistrictAdmin, b.Alpha, students,
			header+stu(ada)+",,,,bob00002,,,,\n"+stu(bob)+",,,,ada00001,,,,\n")
		b.want(swap, ready, 0, 2, 0, 0)
	})
}

func TestGroupsModes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		for _, c := range []struct {
			mode           bulkjob.GroupsMode
			cell, want     string
			added, removed int
		}{
			{bulkjob.GroupsModeADD, "Art", "Algebra, Art, Biology, Homeroom 7", 1, 0},
			{bulkjob.GroupsModeADD, "algebra;Homeroom 7", "Algebra, Biology, Homeroom 7", 0, 0},
			{bulkjob.GroupsModeADD, "[clear]", "Homeroom 7", 0, 2},
			{bulkjob.GroupsModeREPLACE, "Art;Algebra", "Algebra, Art, Homeroom 7", 1, 1},
			{bulkjob.GroupsModeREPLACE, "", "Algebra, Biology, Homeroom 7", 0, 0},
			{bulkjob.GroupsModeREPLACE, "[clear]", "Homeroom 7", 0, 2},
			{bulkjob.GroupsModeREMOVE, "Biology;Art", "Algebra, Homeroom 7", 0, 1},
			{bulkjob.GroupsModeREMOVE, "[clear]", "Homeroom 7", 0, 2},
		} {
			b := newBench(t, d)
			b.Group(t, b.North, "Art")
			st := b.Student(t, b.North, "Ada", "Lovelace", 0, b.Algebra, b.Biology, b.Synced)
			job := b.imported(b.NorthAdmin, b.North, students, header+stu(st)+",,,,,,,,"+c.cell+"\n", mode(c.mode))
			if got := b.groupsOf(st); got != c.want || job.EnrollmentsAdded != c.added || job.EnrollmentsRemoved != c.removed ||
				job.Errors != 0 {
				t.Errorf("%s %q: %s, +%d -%d, want %s +%d -%d\n%s", c.mode, c.cell, got, job.EnrollmentsAdded,
					job.EnrollmentsRemoved, c.want, c.added, c.removed, b.problems(job))
			}
			b.consistent()
			b.clean()
		}
	})
}

func TestDeletedStudentsComeBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		gone := b.Student(t, b.North, "Ada", "Lovelace", 90).Update().SetDeletedAt(fixture.Today.Add(-89 * 24 * time.Hour)).
			SaveX(fixture.System())
		row := ",00001,Ada,King,,,,S,Chemistry\n"

		byTeacher := b.verified(b.NorthTeacher, b.North, students, header+",00001,Ada,King,adak,,7,,Algebra\n")
		b.wantProblems(byTeacher, `row 1 Student ID EXTERNAL_ID_TAKEN "00001"`)
		bySouth := b.verified(b.SouthAdmin, b.South, students, header+row)
		b.wantProblems(bySouth, `row 1 Student ID EXTERNAL_ID_TAKEN "00001"`)

		job := b.verified(b.DistrictAdmin, b.Alpha, students, header+row)
		b.want(job, ready, 0, 1, 0, 0)
		if got := b.changes(b.DistrictAdmin, job); got[0] != "1 Ada Lovelace (00001) Deleted: yes → no" {
			t.Error(got)
		}
		b.applied(b.DistrictAdmin, job)
		st := b.student("00001")
		if st.ID != gone.ID || st.DeletedAt != nil || st.LastName != "King" || st.OrganizationID != b.South.ID ||
			b.groupsOf(st) != "Chemistry" || st.SecondsThisYear != 90 {
			t.Errorf("%+v in %s", st, b.groupsOf(st))
		}
		if len(b.recounted.ids) != 1 || b.recounted.ids[0] != gone.ID {
			t.Errorf("usage computed anew of %v", b.recounted.ids)
		}
		b.consistent()
	})
}
