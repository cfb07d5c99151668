package job_test

import (
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/roster"
)

func TestUndoOfJobsAboutTheSameStudents(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.smallSchool()
		before := b.world()
		file := header +
			",00001,Augusta,,,newpass1,8,,Biology\n" +
			",00002,,,,,8,,\n" +
			",n1,New,One,newone,secret12,7,North School,Algebra;Biology\n" +
			",n2,New,Two,newtwo,,7,North School,\n"
		created := b.imported(b.DistrictAdmin, b.Alpha, students, file)
		b.want(created, completed, 2, 2, 0, 0)
		passwords := b.imported(b.DistrictAdmin, b.Alpha, students,
			header+",00001,,,,another1,9,,\n,00002,,,,,9,,\n,n1,,,,another1,9,,\n")
		b.want(passwords, completed, 0, 3, 0, 0)
		enrolled := b.imported(b.DistrictAdmin, b.Alpha, enrollments, "Class,Person ID\nAlgebra,n2\nBiology,n2\n")
		b.want(enrolled, completed, 2, 0, 0, 0)
		edited := b.applied(b.DistrictAdmin,
			b.edited(b.DistrictAdmin, b.matching(b.DistrictAdmin, b.North, roster.StudentFilter{}),
				kind.Edit{RemoveFrom: []int{b.Biology.ID}}))
		b.want(edited, completed, 0, 6, 0, 0)

		t.Run("the last one first puts everything back", func(t *testing.T) {
			b := b.on(t)
			b.undone(b.DistrictAdmin, edited, undone, 6, 0)
			b.undone(b.DistrictAdmin, enrolled, undone, 2, 0)
			b.undone(b.DistrictAdmin, passwords, undone, 3, 0)
			b.undone(b.DistrictAdmin, created, undone, 4, 0)
			if after := b.world(); after != before {
				t.Error(diff(before, after))
			}
			b.healthy()
		})
		t.Run("what somebody has changed in between stays", func(t *testing.T) {
			b := b.on(t)
			first := b.imported(b.DistrictAdmin, b.Alpha, students,
				header+",00001,,,,newpass2,8,,\n,00002,,,,,8,,\n,00003,,,,,8,,\n,00004,,,,,8,,\n,n3,New,Three,newthree,,7,North School,Algebra\n")
			second := b.imported(b.DistrictAdmin, b.Alpha, students,
				header+",00001,,,,,9,,\n,00002,,,,,9,,\n,00003,,,,,9,,\n,n3,,,,,9,,\n")
			b.undone(b.DistrictAdmin, second, undone, 4, 0)
			b.exec("UPDATE students SET password_hash = 'by hand', version = version + 1 WHERE external_id = '00001'")
			b.exec("UPDATE students SET grade = 4, version = version + 1 WHERE external_id IN ('00003', '00004')")
			b.imported(b.DistrictAdmin, b.Alpha, enrollments, "Class,Person ID\nBiology,n3\n")
			got := b.undone(b.DistrictAdmin, first, partly, 1, 4)
			if p := b.problems(got); strings.Count(p, "warning  CHANGED_SINCE") != 4 || strings.Contains(p, "Bob") {
				t.Error(p)
			}
		})
		t.Run("the first one first leaves what the later one has changed", func(t *testing.T) {
			b := b.on(t)
			first := b.imported(b.DistrictAdmin, b.Alpha, students, header+",00002,,,,,10,,\n")
			second := b.imported(b.DistrictAdmin, b.Alpha, students, header+",00002,,,,,11,,\n")
			b.undone(b.DistrictAdmin, first, partly, 0, 1)
			b.undone(b.DistrictAdmin, second, undone, 1, 0)
		})
	})
}
