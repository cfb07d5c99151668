package job_test

import (
	"fmt"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestAnIDOfAGroupThatIsTakenMeanwhile gives the ID of a file to another group before the
// file is written, and the ID that an undo would put back before the undo.
func TestAnIDOfAGroupThatIsTakenMeanwhile(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		chess, music := b.Group(t, b.North, "Chess"), b.Group(t, b.North, "Music")
		line := func(g *db.Group, id string) string {
			return fmt.Sprintf("Database ID,External ID\n%s,%s\n", globalid.Encode(globalid.Group, g.ID), id)
		}
		b.want(b.imported(b.NorthAdmin, b.North, groups, line(chess, "G1")), completed, 0, 1, 0, 0)
		second := b.imported(b.NorthAdmin, b.North, groups, line(chess, "G2"))
		waits := b.verified(b.NorthAdmin, b.North, groups, line(chess, "G3"))
		b.want(b.imported(b.NorthAdmin, b.North, groups, line(music, "G3")), completed, 0, 1, 0, 0)
		waits = b.applied(b.NorthAdmin, waits)
		b.want(waits, withErrors, 0, 0, 0, 1)
		b.wantProblems(waits, `row 1  EXTERNAL_ID_TAKEN ""`)

		b.want(b.imported(b.NorthAdmin, b.North, groups, line(music, "G1")), completed, 0, 1, 0, 0)
		second = b.undone(b.NorthAdmin, second, partly, 0, 1)
		b.wantProblems(second, `row 1 warning  EXTERNAL_ID_TAKEN "Chess (G1)"`)
		if n := b.number("SELECT COUNT(*) FROM `groups` WHERE id = ? AND external_id = 'G2' OR id = ? AND external_id = 'G1'",
			chess.ID, music.ID); n != 2 {
			t.Error("a group has another ID than before")
		}
	})
}

// TestAnUndoOfEnrollmentsLeavesSyncedGroups hands a group over to the school's information
// system before the undo.
func TestAnUndoOfEnrollmentsLeavesSyncedGroups(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.smallSchool()
		chess, _ := b.Group(t, b.North, "Chess"), b.Group(t, b.North, "Music")
		job := b.imported(b.NorthAdmin, b.North, enrollments, "Class,Person ID\nChess,00001\nMusic,00001\n")
		b.want(job, completed, 2, 0, 0, 0)
		b.exec("UPDATE `groups` SET synced = 1 WHERE id = ?", chess.ID)
		job = b.undone(b.NorthAdmin, job, partly, 1, 1)
		b.wantProblems(job, `row 1 warning  CHANGED_SINCE "Ada Lovelace (00001)"`)
		if n := b.number("SELECT COUNT(*) FROM enrollments WHERE group_id = ?", chess.ID); n != 1 {
			t.Errorf("the synced group has %d students", n)
		}
	})
}

// TestTwoIDsOfTwoSchoolsAreRefused gives one school's Database ID and another's own ID.
func TestTwoIDsOfTwoSchoolsAreRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.imported(b.DistrictAdmin, b.Alpha, schools, "Database ID,External ID,Name\n"+
			globalid.Encode(globalid.Organization, b.South.ID)+",S9,\n")
		job := b.verified(b.DistrictAdmin, b.Alpha, schools, "Database ID,External ID,Name\n"+
			globalid.Encode(globalid.Organization, b.North.ID)+",S9,One School\n")
		b.want(job, ready, 0, 0, 0, 1)
		b.wantProblems(job, `row 1 External ID ID_MISMATCH "S9"`)
	})
}

// TestOnlyADistrictsJobAddsItsAdministrators tries it in the job of a school.
func TestOnlyADistrictsJobAddsItsAdministrators(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		const file = "Email,First Name,Last Name,Role\nnew@example.com,New,Administrator,DISTRICT_ADMIN\n"
		for _, who := range []*db.Educator{b.NorthAdmin, b.DistrictAdmin} {
			job := b.verified(who, b.North, educators, file)
			b.wantProblems(job, `row 1 Role DISTRICT_ROLE_FORBIDDEN "DISTRICT_ADMIN"`)
		}
		b.want(b.verified(b.DistrictAdmin, b.Alpha, educators, file), ready, 1, 0, 0, 0)
	})
}

// TestWhoCorrectsAFileHasAHandInItsAccounts corrects the row that gives an account its
// address.
func TestWhoCorrectsAFileHasAHandInItsAccounts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		second := b.Educator(t, b.Alpha, "Corinna Corrector", viewer.DistrictAdmin, b.Alpha)
		job := b.verified(b.DistrictAdmin, b.Alpha, educators,
			"Email,First Name,Last Name,School,Role\nno address,Neo,New,N,TEACHER\n")
		b.want(job, ready, 0, 0, 0, 1)
		if _, problems := b.corrects(second, job, 1, "Email", "neo@example.com"); len(problems) > 0 {
			t.Fatalf("the corrected row has problems: %q", problems)
		}
		b.want(b.applied(b.DistrictAdmin, b.job(job.ID)), completed, 1, 0, 0, 0)
		for _, hand := range []int{b.DistrictAdmin.ID, second.ID} {
			if n := b.number("SELECT COUNT(*) FROM account_hands h JOIN educators e ON e.id = h.educator_id "+
				"WHERE e.email = 'neo@example.com' AND h.hand_id = ?", hand); n != 1 {
				t.Errorf("educator %d has %d hands in the account", hand, n)
			}
		}
	})
}

// TestAnAccountThatHasGrownIsNotChanged gives an account a role elsewhere before the file of
// a school is written, and before its undo.
func TestAnAccountThatHasGrownIsNotChanged(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		file := "Database ID,Last Name\n" + edu(b.NorthTeacher) + ",Married\n"
		done := b.imported(b.NorthAdmin, b.North, educators, file)
		b.want(done, completed, 0, 1, 0, 0)
		waits := b.verified(b.NorthAdmin, b.North, educators, "Database ID,First Name\n"+edu(b.NorthTeacher)+",Zoe\n")
		b.gets(b.NorthTeacher, viewer.SchoolAdmin, b.South)
		waits = b.applied(b.NorthAdmin, waits)
		b.want(waits, withErrors, 0, 0, 0, 1)
		b.wantProblems(waits, `row 1  FORBIDDEN ""`)
		done = b.undone(b.NorthAdmin, done, partly, 0, 1)
		b.wantProblems(done, `row 1 warning  FORBIDDEN "Tara Teach"`)
	})
}
