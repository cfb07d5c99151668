package job_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// leftBench has schools that one person administers, and ways to move their students.
type leftBench struct {
	*bench
	now    *clock
	people *roster.Service
	both   *db.Educator
	n      int
}

func newLeftBench(t *testing.T, d *database.DB) *leftBench {
	b, _, now := dayBench(t, d, 0)
	return &leftBench{bench: b, now: now, people: roster.New(d, roster.Options{Now: now.Now,
		Log: slog.New(slog.DiscardHandler), Recount: b.recounted.add})}
}

// schools makes three schools that l.both administers. The first one has 60 students, and
// the others have 600 in all.
func (l *leftBench) schools(t *testing.T) (small, large, third *db.Organization, all []*db.Student) {
	l.bench = l.on(t)
	l.n++
	name := func(what string) (string, string) { return fmt.Sprint(what, " ", l.n), fmt.Sprint(what, l.n) }
	at := func(what string) *db.Organization {
		long, short := name(what)
		return l.School(t, l.Alpha, long, short)
	}
	small, large, third = at("Small"), at("Large"), at("Third")
	l.both = l.Educator(t, l.Alpha, fmt.Sprintf("Both%d Admin", l.n), viewer.SchoolAdmin, small)
	l.gets(l.both, viewer.SchoolAdmin, large)
	l.gets(l.both, viewer.SchoolAdmin, third)
	for i := range 60 {
		all = append(all, l.Student(t, small, fmt.Sprint("Sm", l.n), fmt.Sprint("All", i), 0))
	}
	l.crowd(large, 300)
	l.crowd(third, 300)
	return small, large, third, all
}

// crowd writes students who have been at a school for long.
func (l *leftBench) crowd(o *db.Organization, n int) {
	list := make([]*db.StudentCreate, n)
	for i := range list {
		id := fmt.Sprintf("crowd%d-%d", o.ID, i)
		list[i] = l.Client().Student.Create().SetCreatedAt(fixture.Today.AddDate(-1, 0, 0)).SetDistrictID(o.DistrictID).
			SetOrganizationID(o.ID).SetExternalID(id).SetUsername(id).SetUsernameKey(id).SetFirstName("Of").SetLastName("Crowd").
			SetSortName("crowd of").SetGrade(1)
	}
	l.Client().Student.CreateBulk(list...).ExecX(fixture.System())
}

func (l *leftBench) moves(who *db.Educator, at, to *db.Organization, list []*db.Student) *db.BulkJob {
	l.t.Helper()
	file := "Database ID,School\n"
	for _, st := range list {
		file += stu(st) + "," + to.Name + "\n"
	}
	job := l.imported(who, at, students, file)
	l.want(job, completed, 0, len(list), 0, 0)
	return job
}

func (l *leftBench) oneByOne(to *db.Organization, list []*db.Student) {
	l.t.Helper()
	for _, st := range list {
		if _, err := l.people.UpdateStudent(l.As(l.t, l.both),
			roster.StudentChange{ID: st.ID, OrganizationID: &to.ID}); err != nil {
			l.t.Fatal(err)
		}
	}
}

func keysOf(list []*db.Student) (ids []int) {
	for _, st := range list {
		ids = append(ids, st.ID)
	}
	return ids
}

// TestADeletionCountsAtEverySchoolThatAStudentHasLeft moves students of a small school in
// every way, and deletes them where they are then.
func TestADeletionCountsAtEverySchoolThatAStudentHasLeft(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		l := newLeftBench(t, d)
		for _, c := range []struct {
			name  string
			moves func(small, large, third *db.Organization, all []*db.Student)
			// returned is true if the students come back from a deletion.
			returned bool
		}{
			{"by a file", func(small, large, _ *db.Organization, all []*db.Student) { l.moves(l.both, small, large, all) }, false},
			{"by the district", func(_, large, _ *db.Organization, all []*db.Student) {
				l.moves(l.DistrictAdmin, l.Alpha, large, all)
			}, false},
			{"one by one", func(_, large, _ *db.Organization, all []*db.Student) { l.oneByOne(large, all) }, false},
			{"further", func(small, large, third *db.Organization, all []*db.Student) {
				l.moves(l.both, small, large, all)
				l.oneByOne(third, all)
			}, false},
			{"there and back, and there again by an undo", func(small, large, _ *db.Organization, all []*db.Student) {
				l.moves(l.both, small, large, all)
				job := l.moves(l.both, large, small, all)
				l.undone(l.both, job, undone, len(all), 0)
			}, false},
			{"by coming back there by a file", func(_, large, _ *db.Organization, all []*db.Student) {
				l.exec("UPDATE students SET deleted_at = ? WHERE first_name = ?", l.now.Now().Add(-25*time.Hour), all[0].FirstName)
				file := header
				for _, st := range all {
					file += "," + st.ExternalID + ",,,,,," + large.Name + ",\n"
				}
				l.want(l.imported(l.both, large, students, file), completed, 0, len(all), 0, 0)
				l.exec("UPDATE students SET deleted_at = NULL WHERE first_name = ?", all[0].FirstName)
			}, true},
			{"by coming back there one by one", func(_, large, _ *db.Organization, all []*db.Student) {
				for _, st := range all {
					l.exec("UPDATE students SET deleted_at = ? WHERE id = ?", l.now.Now().Add(-25*time.Hour), st.ID)
					if _, err := l.people.CreateStudent(l.As(l.t, l.both), roster.NewStudent{OrganizationID: large.ID,
						ExternalID: st.ExternalID, FirstName: st.FirstName, LastName: "Back", Username: st.Username,
						Grade: "5"}); err != nil {
						l.t.Fatal(err)
					}
				}
			}, true},
		} {
			t.Run(c.name, func(t *testing.T) {
				small, large, third, all := l.schools(t)
				c.moves(small, large, third, all[:20])
				for _, who := range []*db.Educator{l.both, l.DistrictAdmin} {
					l.starts(who, l.deleting(who, these(all[:7]...)), held)
				}
				if c.returned {
					l.starts(l.both, l.deleting(l.both, these(all[:6]...)), processing)
					return
				}
				l.refused(l.people.DeleteStudents(l.As(t, l.both), keysOf(all[:11])), fault.Conflict, "HOLD_REQUIRED",
					"would delete 11 of 60 students")
				// The school may lose six students in a day, and twelve in a month.
				l.starts(l.both, l.deleting(l.both, these(all[:6]...)), processing)
				l.now.Add(25 * time.Hour)
				l.starts(l.both, l.deleting(l.both, these(all[6:12]...)), processing)
				l.now.Add(25 * time.Hour)
				l.starts(l.both, l.deleting(l.both, these(all[12])), held)
				l.refused(l.people.DeleteStudents(l.As(t, l.both), keysOf(all[12:13])), fault.Conflict, "HOLD_REQUIRED",
					"counting deletions of the last 30 days, this would delete 13 of 60 students")
				// Whoever has left for more than a month counts no more.
				l.now.Add(29 * 24 * time.Hour)
				l.starts(l.both, l.deleting(l.both, these(all[12:20]...)), processing)
			})
		}
		t.Run("but nobody reads the name of a school that is none of theirs", func(t *testing.T) {
			small, large, third, all := l.schools(t)
			l.moves(l.both, small, large, all[:20])
			one := l.Educator(t, l.Alpha, "One School", viewer.SchoolAdmin, large)
			two := l.Educator(t, l.Alpha, "Two Schools", viewer.SchoolAdmin, large)
			l.gets(two, viewer.SchoolAdmin, third)
			crowd := l.Client().Student.Query().Where(student.OrganizationID(third.ID)).FirstX(fixture.System())
			for _, job := range []*db.BulkJob{
				l.starts(one, l.deleting(one, these(all[:7]...)), held),
				l.starts(two, l.deleting(two, these(append([]*db.Student{crowd}, all[:7]...)...)), held),
			} {
				if text := l.hint(job, "HELD"); !strings.Contains(text, "delete more than 10 % of the students of another school") {
					t.Error(text)
				}
			}
			err := l.people.DeleteStudents(l.As(t, one), keysOf(all[:11]))
			l.refused(err, fault.Conflict, "HOLD_REQUIRED", "these students have come from another school")
			if strings.Contains(err.Error(), small.Name) {
				t.Error(err)
			}
		})
		t.Run("and what a canceled job has not deleted counts nowhere", func(t *testing.T) {
			small, large, _, all := l.schools(t)
			l.moves(l.both, small, large, all[:20])
			job, err := l.Start(l.As(t, l.both), l.deleting(l.both, these(all[:6]...)).ID)
			if err != nil {
				t.Fatal(err)
			}
			sum := func() int {
				return l.number("SELECT COALESCE(SUM(number), 0) FROM losses WHERE job_id = ? AND verb = 'DELETED'", job.ID)
			}
			if n := sum(); n != 12 {
				t.Errorf("%d losses at two schools", n)
			}
			if _, err := l.Cancel(l.As(t, l.both), job.ID); err != nil {
				t.Fatal(err)
			}
			if n := sum(); n != 0 {
				t.Errorf("%d losses", n)
			}
			l.starts(l.both, l.deleting(l.both, these(all[:6]...)), processing)
		})
		t.Run("a school of which many have left with an approval may lose as many as before", func(t *testing.T) {
			small, large, _, all := l.schools(t)
			l.exec("UPDATE organizations SET hold_changed_percent = 100 WHERE id = ?", small.ID)
			l.moves(l.both, small, large, all)
			l.starts(l.both, l.deleting(l.both, these(all[:7]...)), held)
			l.starts(l.both, l.deleting(l.both, these(all[:6]...)), processing)
		})
	})
}

// TestNobodyIsNewAfterGoingAwayAndComingBack moves, or deletes, students of a school and
// puts them back. They make no room, and are still those who were there before.
func TestNobodyIsNewAfterGoingAwayAndComingBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		l := newLeftBench(t, d)
		back := map[string]func(small, large *db.Organization, part []*db.Student){
			"by an undo": func(small, large *db.Organization, part []*db.Student) {
				l.undone(l.both, l.moves(l.both, small, large, part), undone, len(part), 0)
			},
			"by a file": func(small, large *db.Organization, part []*db.Student) {
				l.moves(l.both, small, large, part)
				l.moves(l.both, large, small, part)
				l.exec("DELETE FROM losses")
			},
			"one by one": func(small, large *db.Organization, part []*db.Student) {
				for some := range slices.Chunk(part, 10) {
					l.oneByOne(large, some)
					l.oneByOne(small, some)
					l.exec("DELETE FROM losses")
				}
			},
		}
		for name, moves := range back {
			t.Run(name, func(t *testing.T) {
				small, large, _, all := l.schools(t)
				came := fixture.Today.AddDate(0, 0, -40)
				l.exec("UPDATE students SET moved_at = ? WHERE id = ?", came, all[0].ID)
				for _, part := range [][]*db.Student{all[:45], all[45:56], all[56:59]} {
					moves(small, large, part)
				}
				for i, st := range all[:2] {
					if at := l.Client().Student.GetX(fixture.System(), st.ID).MovedAt; (at != nil) != (i == 0) ||
						at != nil && !at.Equal(came) {
						t.Errorf("student %d has come at %v", i, at)
					}
				}
				file := header
				for i := range 30 {
					file += fmt.Sprintf(",crowd%d%d,New,One,crowd%d%d,,7,%s,\n", l.n, i, l.n, i, small.Name)
				}
				l.want(l.imported(l.both, small, students, file), completed, 30, 0, 0, 0)
				file = "Database ID,Password\n"
				for _, st := range all[:59] {
					file += stu(st) + ",a known password\n"
				}
				l.starts(l.both, l.verified(l.both, small, students, file), held)
				if n := l.number("SELECT COUNT(*) FROM former_schools WHERE organization_id = ?", small.ID); n != 0 {
					t.Errorf("%d students have left a school where they are", n)
				}
			})
		}
		for _, how := range []string{"restored", "by a file", "by an undo"} {
			t.Run("deleted within the limit day by day, and back: "+how, func(t *testing.T) {
				small, _, _, all := l.schools(t)
				file := header
				for i := range 500 {
					file += fmt.Sprintf(",crowd%d%d,New,One,crowd%d%d,,7,%s,\n", l.n, i, l.n, i, small.Name)
				}
				l.want(l.imported(l.both, small, students, file), completed, 500, 0, 0, 0)
				at := 0
				for range 4 {
					part := all[at : at+4]
					job := l.starts(l.both, l.deleting(l.both, these(part...)), processing)
					l.now.Add(25 * time.Hour)
					switch how {
					case "restored":
						if _, err := l.people.RestoreStudents(l.As(t, l.both), keysOf(part)); err != nil {
							t.Fatal(err)
						}
					case "by a file":
						file := header
						for _, st := range part {
							file += "," + st.ExternalID + ",,,,,,,\n"
						}
						l.want(l.imported(l.both, small, students, file), completed, 0, len(part), 0, 0)
					default:
						l.undone(l.both, job, undone, len(part), 0)
					}
					at += 4
				}
				l.starts(l.both, l.deleting(l.both, these(all[:at]...)), held)
				l.starts(l.both, l.deleting(l.both, these(all[:4]...)), processing)
			})
		}
		t.Run("whoever was away for more than a month is new", func(t *testing.T) {
			small, _, _, all := l.schools(t)
			l.starts(l.both, l.deleting(l.both, these(all[:6]...)), processing)
			l.now.Add(31 * 24 * time.Hour)
			if _, err := l.people.RestoreStudents(l.As(t, l.both), keysOf(all[:6])); err != nil {
				t.Fatal(err)
			}
			l.starts(l.both, l.deleting(l.both, these(append(all[:6:6], all[6:11]...)...)), held)
			l.starts(l.both, l.deleting(l.both, these(all[:6]...)), processing)
			_ = small
		})
	})
}
