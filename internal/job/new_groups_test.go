package job_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/newgroup"
)

func makesGroups(s *jobs.Submission) { s.CreateMissingGroups = true }

// newGroups lists the groups that a job creates, with the number of rows that name each.
func (b *bench) newGroups(job *db.BulkJob) (lines []string) {
	b.t.Helper()
	list, err := newgroup.Of(b.job(job.ID))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, g := range list.Named() {
		at := map[int]string{b.North.ID: "North", b.South.ID: "South"}[g.SchoolID]
		lines = append(lines, fmt.Sprintf("%s at %s: %d", g.Name, at, g.Rows))
	}
	return lines
}

func (b *bench) wantNewGroups(job *db.BulkJob, want ...string) {
	b.t.Helper()
	if got := b.newGroups(job); !slices.Equal(got, want) {
		b.t.Errorf("new groups: %q, want %q", got, want)
	}
}

const newGroupsFile = "Student ID,First Name,Last Name,Username,Grade,School,Groups\n" +
	"00001,,,,,,Art;Algebra\n" +
	"n1,New,One,newone,7,North School,art; Chess\n" +
	"00005,,,,,,Art\n" +
	"n2,New,Two,newtwo,7,South School,\n"

func TestGroupsThatAFileOfStudentsNamesAreCreated(t *testing.T) {
	t.Parallel()
	each := func(name string, do func(t *testing.T, b *bench)) {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *database.DB) {
				b := newBench(t, d)
				b.smallSchool()
				do(t, b)
			})
		})
	}

	each("only if somebody says so", func(t *testing.T, b *bench) {
		job := b.verified(b.DistrictAdmin, b.Alpha, students, newGroupsFile)
		b.want(job, ready, 1, 0, 0, 3)
		b.wantNewGroups(job)
	})
	for _, batch := range []int{1, 100} {
		each(fmt.Sprintf("they are in the preview, are created, and go with an undo, in batches of %d", batch),
			func(t *testing.T, b *bench) {
				b = benchOn(t, b.World, func(o *jobs.Options) { o.Batch = batch })
				before := b.world()
				job := b.verified(b.DistrictAdmin, b.Alpha, students, newGroupsFile, makesGroups)
				b.want(job, ready, 2, 2, 0, 0)
				b.wantNewGroups(job, "Art at North: 2", "Chess at North: 1", "Art at South: 1")
				b.wantChanges(b.DistrictAdmin, job,
					"1 Ada Lovelace (00001) Classes/Groups: Algebra;Biology → Algebra;Art;Biology",
					"2 New One (n1) Student ID: - → n1", "2 New One (n1) First Name: - → New",
					"2 New One (n1) Last Name: - → One", "2 New One (n1) Username: - → newone",
					"2 New One (n1) Grade: - → 7", "2 New One (n1) School: - → North School",
					"2 New One (n1) Classes/Groups: - → Art;Chess",
					"3 Sue South (00005) Classes/Groups: Chemistry → Art;Chemistry",
					"4 New Two (n2) Student ID: - → n2", "4 New Two (n2) First Name: - → New",
					"4 New Two (n2) Last Name: - → Two", "4 New Two (n2) Username: - → newtwo",
					"4 New Two (n2) Grade: - → 7", "4 New Two (n2) School: - → South School")
				if b.world() != before {
					t.Error("a preview has written something")
				}
				job = b.applied(b.DistrictAdmin, job)
				b.want(job, completed, 2, 2, 0, 0)
				if job.EnrollmentsAdded != 4 {
					t.Errorf("%d enrollments", job.EnrollmentsAdded)
				}
				if got := b.groupsOf(b.student("n1")); got != "Art, Chess" {
					t.Errorf("the new student is in %s", got)
				}
				for _, g := range b.Client().Group.Query().Where(group.NameKey("art")).AllX(fixture.System()) {
					if g.ExternalID != nil || g.Synced != 0 || g.Name != "Art" || g.DistrictID != b.Alpha.ID {
						t.Errorf("%+v", g)
					}
				}
				b.consistent()
				b.undone(b.DistrictAdmin, job, undone, 4, 0)
				b.consistent()
				if after := b.world(); withoutHidden(after) != withoutHidden(before) {
					t.Error(diff(before, after))
				}
			})
	}
	each("a group with somebody else stays after an undo, and the row says so", func(t *testing.T, b *bench) {
		job := b.imported(b.DistrictAdmin, b.North, students, "Student ID,Groups\n00001,Art\n00002,Chess\n", makesGroups)
		art := b.Client().Group.Query().Where(group.NameKey("art")).OnlyX(fixture.System())
		b.assigned(b.student("00003"), art)
		b.undone(b.DistrictAdmin, job, partly, 1, 1)
		b.wantProblems(job, `row 1 warning  CHANGED_SINCE "Ada Lovelace (00001)"`)
		if b.Client().Group.Query().Where(group.NameKey("art")).CountX(fixture.System()) != 1 ||
			b.Client().Group.Query().Where(group.NameKey("chess")).ExistX(fixture.System()) {
			t.Error("the wrong group went")
		}
	})
	each("a group that somebody created after the check is not created again", func(t *testing.T, b *bench) {
		job := b.verified(b.DistrictAdmin, b.North, students, "Student ID,Groups\n00001,Art\n00002,Chess\n", makesGroups)
		b.Group(b.t, b.North, "ART")
		job = b.applied(b.DistrictAdmin, job)
		b.want(job, withErrors, 0, 1, 0, 1)
		b.wantProblems(job, `row 1  STALE ""`)
	})
	each("a row that is refused creates nothing", func(t *testing.T, b *bench) {
		job := b.verified(b.DistrictAdmin, b.North, students,
			"Student ID,Grade,Groups\n00001,17,Art\n00002,8,Chess\n", makesGroups)
		b.want(job, ready, 0, 1, 0, 1)
		b.wantNewGroups(job, "Chess at North: 1")
	})
	each("what may be several, or something else, is refused as before", func(t *testing.T, b *bench) {
		job := b.verified(b.DistrictAdmin, b.Alpha, students, "Student ID,Groups\n"+
			"00001,\"Art, Chess\"\n"+ // Two names, or one.
			"00002,\"Algebra, Art\"\n"+ // One of the two is there.
			"00003,grp_999\n"+ // A Database ID.
			"00004,Chemistry;Math & Science\n", makesGroups) // A group of that name elsewhere is no reason.
		b.want(job, ready, 0, 1, 0, 3)
		b.wantNewGroups(job, "Chemistry at North: 1", "Math & Science at North: 1")
	})
	each("students and groups that the information system keeps get none", func(t *testing.T, b *bench) {
		b.exec("UPDATE students SET synced = 1 WHERE external_id = '00001'")
		job := b.verified(b.DistrictAdmin, b.North, students, "Student ID,Groups\n00001,Art\n00002,Art\n", makesGroups)
		b.want(job, ready, 0, 1, 0, 1)
		b.wantProblems(job, `row 1 Groups UNKNOWN_GROUP "Art"`)
	})
	each("leaving groups creates none", func(t *testing.T, b *bench) {
		job := b.verified(b.DistrictAdmin, b.North, students, "Student ID,Groups\n00001,Art\n", makesGroups,
			mode(bulkjob.GroupsModeREMOVE))
		b.want(job, ready, 0, 0, 0, 1)
	})
	each("rows about one student are united", func(t *testing.T, b *bench) {
		job := b.imported(b.DistrictAdmin, b.North, students,
			"Student ID,Groups\n00001,Art\n00001,Chess\n00002,Chess\n", makesGroups)
		b.want(job, completed, 0, 2, 1, 0)
		if got := b.groupsOf(b.student("00001")); got != "Algebra, Art, Biology, Chess" {
			t.Errorf("the student is in %s", got)
		}
	})
	each("a corrected row joins, creates or no longer creates a group", func(t *testing.T, b *bench) {
		job := b.verified(b.DistrictAdmin, b.North, students,
			"Student ID,Grade,Groups\n00001,8,Atr\n00002,17,Art\n00003,8,Art\n", makesGroups)
		b.wantNewGroups(job, "Atr at North: 1", "Art at North: 1")
		b.corrects(b.DistrictAdmin, job, 1, "Groups", "Art")
		b.corrects(b.DistrictAdmin, job, 2, "Grade", "7", "Groups", "Art;Chess")
		b.wantNewGroups(job, "Art at North: 3", "Chess at North: 1")
		job = b.applied(b.DistrictAdmin, b.job(job.ID))
		b.want(job, completed, 0, 3, 0, 0)
		if n := b.Client().Group.Query().Where(group.NameKeyIn("art", "atr", "chess")).CountX(fixture.System()); n != 2 {
			t.Errorf("%d groups", n)
		}
		b.consistent()
	})
	each("not for teachers, and not in other files", func(t *testing.T, b *bench) {
		submit := func(who *db.Educator, kind bulkjob.Kind) error {
			_, err := b.Submit(b.As(b.t, who), jobs.Submission{OrganizationID: b.North.ID, Kind: kind,
				CreateMissingGroups: true, File: strings.NewReader("Student ID,Groups\n00001,Art\n")})
			return err
		}
		b.refused(submit(b.NorthTeacher, students), fault.Forbidden, "FORBIDDEN", "administrators")
		b.refused(submit(b.NorthAdmin, groups), fault.Invalid, "BAD_USER_INPUT", "import of students")
	})
	each("too many are a file of their own", func(t *testing.T, b *bench) {
		var file strings.Builder
		file.WriteString("Student ID,First Name,Last Name,Username,Grade,Groups\n")
		for i := range newgroup.Most + 2 {
			fmt.Fprintf(&file, "m%d,Many,Groups,many%d,7,Group no %d\n", i, i, i)
		}
		job := b.verified(b.DistrictAdmin, b.North, students, file.String(), makesGroups)
		b.want(job, ready, newgroup.Most, 0, 0, 2)
		b.wantProblems(job, fmt.Sprintf("row %d Groups TOO_MANY \"Group no %d\"", newgroup.Most+1, newgroup.Most),
			fmt.Sprintf("row %d Groups TOO_MANY \"Group no %d\"", newgroup.Most+2, newgroup.Most+1))
	})
}

// withoutHidden leaves students out who were hidden by an undo.
func withoutHidden(world string) string {
	var kept []string
	for line := range strings.Lines(world) {
		if !strings.HasPrefix(line, "hidden ") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}
