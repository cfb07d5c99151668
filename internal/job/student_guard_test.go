package job_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/job/kind"
)

// TestWhatTheCheckOfStudentsRefuses tries the conditions of the check one by one, each
// with a row that only this condition refuses.
func TestWhatTheCheckOfStudentsRefuses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		system := fixture.System()
		here, there := b.Student(t, b.North, "He", "Re", 0), b.Student(t, b.South, "The", "Re", 0)
		gone := b.Student(t, b.North, "Go", "Ne", 0).Update().SetDeletedAt(fixture.Today).SaveX(system)
		synced := b.Student(t, b.North, "Syn", "Ced", 0).Update().SetDeletedAt(fixture.Today).SetSynced(1).SaveX(system)
		far := b.Student(t, b.East, "Fa", "Ar", 0)
		b.South.Update().SetPasswordMinLength(10).ExecX(system)
		// Somebody who administers one school and teaches at the other.
		mixed := b.Educator(t, b.Alpha, "Mia Mixed", "SCHOOL_ADMIN", b.South)
		b.Client().RoleAssignment.Create().SetEducatorID(mixed.ID).SetOrganizationID(b.North.ID).SetDistrictID(b.Alpha.ID).
			SetRole(roleassignment.RoleTEACHER).ExecX(system)

		many := func(n int) string {
			names := make([]string, n)
			for i := range names {
				names[i] = fmt.Sprint("none", i)
			}
			return strings.Join(names, ";")
		}
		row := func(cells ...string) string { return header + strings.Join(cells, ",") + "\n" }
		for name, c := range map[string]struct {
			by   *db.Educator
			at   *db.Organization
			file string
			code string // empty for a row that is good
		}{
			"the Database ID of nobody, with the Student ID of somebody deleted": {b.NorthAdmin, b.North,
				row(globalid.Encode(globalid.Student, there.ID), gone.ExternalID, "A", "B", "ab1", "", "1", "",
					""), "UNKNOWN_STUDENT"},
			"a deleted student who is synced": {b.NorthAdmin, b.North,
				row("", synced.ExternalID, "", "", "", "", "", "", ""), "SYNCED_STUDENT"},
			"a move by who administers the new school alone": {mixed, b.Alpha, row("", here.ExternalID, "", "", "", "", "",
				"South School", ""), "FORBIDDEN"},
			"a new student of another school, in a file for one": {b.DistrictAdmin, b.North,
				row("", "N1", "A", "B", "ab3", "", "1", "South School", ""), "OTHER_SCHOOL"},
			"a password that is short for the school": {b.DistrictAdmin, b.Alpha,
				row("", "N2", "A", "B", "ab4", "ninechars", "1", "South School", ""), "PASSWORD_TOO_SHORT"},
			"a password that is long enough there": {b.DistrictAdmin, b.Alpha,
				row("", "N3", "A", "B", "ab5", "ten chars.", "1", "South School", ""), ""},
			"a password of a student who is only seen": {b.NorthTeacher, b.North,
				row("", here.ExternalID, "", "", "", "secret", "", "", ""), "FORBIDDEN"},
			"a Student ID of another district": {b.DistrictAdmin, b.Alpha,
				row("", "E"+far.ExternalID, "A", "B", "ab6", "", "1", "South School", ""), ""},
			"more groups than a cell may name": {b.NorthAdmin, b.North,
				row("", here.ExternalID, "", "", "", "", "", "", many(101)), "TOO_MANY"},
			"as many groups as a cell may name": {b.NorthAdmin, b.North,
				row("", here.ExternalID, "", "", "", "", "", "", many(100)), "UNKNOWN_GROUP"},
		} {
			if name == "a Student ID of another district" {
				far.Update().SetExternalID("E" + far.ExternalID).ExecX(system)
			}
			if c.by == mixed {
				c.at = b.South
			}
			job := b.verified(c.by, c.at, students, c.file)
			problems := b.problems(job)
			if c.code == "" && job.Created != 1 || c.code != "" && (job.Errors != 1 ||
				!strings.Contains(problems, " "+c.code+" ") || c.code != "TOO_MANY" && strings.Contains(problems, "TOO_MANY")) {
				t.Errorf("%s: %d errors, %s; want %q", name, job.Errors, problems, c.code)
			}
		}

		t.Run("what is wrong with a row of another school is not told to this one", func(t *testing.T) {
			b := b.on(t)
			job := b.verified(b.DistrictAdmin, b.North, students, row("", there.ExternalID, "", "", "", "", "Z", "", ""))
			all := 10
			for who, want := range map[*db.Educator]bool{b.DistrictAdmin: true, b.NorthAdmin: false} {
				page, err := b.Problems(b.As(t, who), job.ID, &all, nil, nil)
				if err != nil || (len(page.Items) > 0) != want {
					t.Errorf("%s is told %v (%v)", who.FirstName, page.Items, err)
				}
			}
		})
		t.Run("an edit takes nobody out of a synced group", func(t *testing.T) {
			b := b.on(t)
			kept := b.Student(t, b.North, "Ke", "Pt", 0, b.Synced)
			job := b.edited(b.NorthAdmin, these(kept), kind.Edit{RemoveFrom: []int{b.Synced.ID}})
			b.wantProblems(job, `row 1 Classes/Groups SYNCED_GROUP "Homeroom 7"`)
		})
		t.Run("a student who has moved since is not edited", func(t *testing.T) {
			b := b.on(t)
			moved := b.Student(t, b.North, "Mo", "Ved", 0)
			job, err := b.SubmitEdit(b.As(t, b.DistrictAdmin), these(moved), kind.Edit{Grade: "9"})
			if err != nil {
				t.Fatal(err)
			}
			moved.Update().SetOrganizationID(b.South.ID).ExecX(system)
			b.wantProblems(b.drained(job.ID), `row 1  OTHER_SCHOOL ""`)
		})
		t.Run("an edit whose group is gone fails", func(t *testing.T) {
			b := b.on(t)
			group := b.Group(t, b.North, "Gone Soon")
			job, err := b.SubmitEdit(b.As(t, b.NorthAdmin), these(here), kind.Edit{AddTo: []int{b.Biology.ID, group.ID}})
			if err != nil {
				t.Fatal(err)
			}
			b.Client().Group.DeleteOne(group).ExecX(system)
			if job = b.drained(job.ID); job.Status != failed || !strings.Contains(b.problems(job), "UNKNOWN_GROUP") {
				t.Errorf("%s: %s", job.Status, b.problems(job))
			}
		})
	})
}
