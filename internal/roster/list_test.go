package roster_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/grade"
	"github.com/openhomeroom/homeroom/internal/page"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/setting"
)

// TestEachFilterOfStudents tries each part of a filter alone, for and against.
func TestEachFilterOfStudents(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, r := fixture.New(t, d), newRoster(d)
		system, c := fixture.System(), w.Client()
		reader := w.Student(t, w.North, "Rea", "Der", 90, w.Algebra, w.Biology)
		idle := w.Student(t, w.North, "Id", "Le", 0).Update().SetGrade(grade.Grade(3)).SaveX(system)
		south, err := r.CreateStudent(w.As(t, w.DistrictAdmin), roster.NewStudent{OrganizationID: w.South.ID,
			ExternalID: "S1", FirstName: "So",
			LastName: strings.Repeat("x", 70), Username: "south", Grade: "7", GroupIDs: []int{w.Chemistry.ID}})
		if err != nil {
			t.Fatal(err)
		}
		south.Update().SetSynced(1).ExecX(system)
		east := w.Student(t, w.East, "Ea", "St", 0, w.Drama)
		for _, st := range []*db.Student{reader, east} {
			product := c.Product.Create().SetCode(fmt.Sprint("p", st.ID)).SaveX(system)
			c.UsageDay.Create().SetStudentID(st.ID).SetProductID(product.ID).SetDay(20000).SetSeconds(90).ExecX(system)
		}
		district, teacher := w.As(t, w.DistrictAdmin), w.As(t, w.NorthTeacher)
		list := func(students ...*db.Student) string { return fmt.Sprint(ids(students...)) }
		for name, q := range map[string]struct {
			ctx  context.Context
			at   int
			f    roster.StudentFilter
			want string
		}{
			"of the purview":     {district, 0, roster.StudentFilter{}, list(reader, idle, south)},
			"of the district":    {district, w.Alpha.ID, roster.StudentFilter{}, list(reader, idle, south)},
			"of a school":        {district, w.North.ID, roster.StudentFilter{}, list(reader, idle)},
			"of another school":  {district, w.South.ID, roster.StudentFilter{}, list(south)},
			"who are active":     {district, 0, roster.StudentFilter{Active: ptr(true)}, list(reader)},
			"who are not":        {district, 0, roster.StudentFilter{Active: ptr(false)}, list(idle, south)},
			"who are synced":     {district, 0, roster.StudentFilter{Synced: ptr(true)}, list(south)},
			"who are not synced": {district, 0, roster.StudentFilter{Synced: ptr(false)}, list(reader, idle)},
			"of one grade":       {district, 0, roster.StudentFilter{Grades: []grade.Grade{3}}, list(idle)},
			"of two grades": {district, 0, roster.StudentFilter{Grades: []grade.Grade{3, 7}},
				list(reader, idle, south)},
			"who used a product": {district, 0, roster.StudentFilter{ProductCodes: []string{fmt.Sprint("p",
				reader.ID)}}, list(reader)},
			"who used what nobody here used": {district, 0, roster.StudentFilter{ProductCodes: []string{fmt.Sprint("p",
				east.ID)}}, list()},
			"in no group": {district, 0, roster.StudentFilter{NoGroups: true}, list(idle)},
			"in a group":  {district, 0, roster.StudentFilter{GroupIDs: []int{w.Algebra.ID}}, list(reader)},
			"in a group or in none": {district, 0, roster.StudentFilter{GroupIDs: []int{w.Algebra.ID},
				NoGroups: true}, list(reader, idle)},
			"in a group that is not seen":    {teacher, 0, roster.StudentFilter{GroupIDs: []int{w.Biology.ID}}, list()},
			"by the beginning of a word":     {district, 0, roster.StudentFilter{Search: "re"}, list(reader)},
			"by two words":                   {district, 0, roster.StudentFilter{Search: "der rea"}, list(reader)},
			"by a word behind":               {district, 0, roster.StudentFilter{Search: "a"}, list()},
			"by a word longer than an index": {district, 0, roster.StudentFilter{Search: strings.Repeat("x", 70)}, list(south)},
			"by eight words": {district, 0, roster.StudentFilter{Search: strings.Repeat("rea ", 8)},
				list(reader)},
		} {
			l, err := r.Students(q.ctx, q.at, q.f)
			if err != nil {
				t.Fatal(name, err)
			}
			p, err := l.Page(q.ctx, page.Args{}, "NAME", false)
			if err != nil {
				t.Fatal(name, err)
			}
			got := ids(p.Items...)
			slices.Sort(got)
			if n, err := l.Count(q.ctx); fmt.Sprint(got) != q.want || n != len(got) || err != nil {
				t.Errorf("students %s: %v, counted %d (%v); want %s", name, got, n, err, q.want)
			}
		}
		_, err = r.Students(district, 0, roster.StudentFilter{Search: "a b c d e f g h i"})
		refused(t, err, "TOO_MANY", "filter.search")
		l, _ := r.Students(district, 0, roster.StudentFilter{})
		if _, err := l.Page(district, page.Args{}, "PASSWORD", false); fault.KindOf(err) != fault.Invalid {
			t.Errorf("students are sorted by their passwords: %v", err)
		}
	})
}

// TestEachFilterOfGroups is TestEachFilterOfStudents for groups.
func TestEachFilterOfGroups(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, r := fixture.New(t, d), newRoster(d)
		admin := w.As(t, w.DistrictAdmin)
		for name, q := range map[string]struct {
			at   int
			f    roster.GroupFilter
			want string
		}{
			"of the purview":             {0, roster.GroupFilter{}, "Algebra Biology Chemistry Homeroom 7"},
			"of the district":            {w.Alpha.ID, roster.GroupFilter{}, "Algebra Biology Chemistry Homeroom 7"},
			"of a school":                {w.North.ID, roster.GroupFilter{}, "Algebra Biology Homeroom 7"},
			"of another school":          {w.South.ID, roster.GroupFilter{}, "Chemistry"},
			"that are synced":            {0, roster.GroupFilter{Synced: ptr(true)}, "Homeroom 7"},
			"that are not":               {0, roster.GroupFilter{Synced: ptr(false)}, "Algebra Biology Chemistry"},
			"by the beginning of a name": {0, roster.GroupFilter{Search: "B"}, "Biology"},
			"that somebody teaches":      {0, roster.GroupFilter{EducatorIDs: []int{w.SouthTeacher.ID}}, "Chemistry"},
		} {
			l, err := r.Groups(admin, q.at, q.f)
			if err != nil {
				t.Fatal(name, err)
			}
			p, err := l.Page(admin, page.Args{}, "NAME", false)
			if err != nil {
				t.Fatal(name, err)
			}
			var got []string
			for _, g := range p.Items {
				got = append(got, g.Name)
			}
			if n, err := l.Count(admin); strings.Join(got, " ") != q.want || n != len(got) || err != nil {
				t.Errorf("groups %s: %v, counted %d (%v); want %s", name, got, n, err, q.want)
			}
		}
		l, _ := r.Groups(admin, 0, roster.GroupFilter{})
		if _, err := l.Page(admin, page.Args{}, "EXTERNAL_ID", false); fault.KindOf(err) != fault.Invalid {
			t.Errorf("groups are sorted by what nobody offers: %v", err)
		}
	})
}

// TestWhoIsListedAsDeleted is about two schools that keep students for different times.
func TestWhoIsListedAsDeleted(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, r := fixture.New(t, d), newRoster(d)
		system, admin := fixture.System(), w.As(t, w.DistrictAdmin)
		w.South.Update().SetRetentionDays(30).ExecX(system)
		deleted := func(at *db.Organization, first string, ago time.Duration) *db.Student {
			st := w.Student(t, at, first, "Gone", 0)
			return st.Update().SetDeletedAt(fixture.Today.Add(-ago)).SaveX(system)
		}
		day := 24 * time.Hour
		w.Student(t, w.North, "There", "Still", 0)
		north, last := deleted(w.North, "Nor", 60*day), deleted(w.North, "Last", 90*day)
		deleted(w.North, "Over", 90*day+time.Second)
		south, at := deleted(w.South, "Sou", 29*day), deleted(w.South, "Limit", 30*day)
		deleted(w.South, "Past", 31*day)
		// At a school that has just changed its retention, nobody's is over.
		fresh := w.School(t, w.Alpha, "Fresh School",
			"F").Update().SetRetentionDays(30).SetRetentionChangedAt(fixture.Today).SaveX(system)
		for _, at := range []*db.Organization{w.North, fresh} {
			w.Student(t, at, "Being", "Erased", 0).Update().SetDeletedAt(setting.ErasingAt()).ExecX(system)
		}
		kept := deleted(fresh, "Kept", 31*day)
		deleted(w.East, "Far", day)
		for name, q := range map[string]struct {
			at     int
			search string
			want   []*db.Student
		}{
			"of the district":     {w.Alpha.ID, "", []*db.Student{south, at, kept, north, last}},
			"of a school":         {w.North.ID, "", []*db.Student{north, last}},
			"of another school":   {w.South.ID, "", []*db.Student{south, at}},
			"of a fresh school":   {fresh.ID, "", []*db.Student{kept}},
			"by a word":           {w.Alpha.ID, "sou", []*db.Student{south}},
			"by a word of nobody": {w.Alpha.ID, "there", nil},
		} {
			l, err := r.Deleted(admin, q.at, q.search)
			if err != nil {
				t.Fatal(name, err)
			}
			p, err := l.Page(admin, page.Args{})
			if err != nil {
				t.Fatal(name, err)
			}
			var got []int
			for _, st := range p.Items {
				got = append(got, st.ID)
			}
			if n, err := l.Count(admin); fmt.Sprint(got) != fmt.Sprint(ids(q.want...)) && len(got)+len(q.want) > 0 ||
				n != len(q.want) || err != nil {
				t.Errorf("deleted students %s: %v, counted %d (%v); want %v", name, got, n, err, ids(q.want...))
			}
		}
		_, err := r.Deleted(w.As(t, w.NorthTeacher), w.North.ID, "")
		refused(t, err, "FORBIDDEN", "organizationId")
		_, err = r.Deleted(w.As(t, w.NorthAdmin), w.South.ID, "")
		refused(t, err, "NOT_FOUND", "organizationId")

		t.Run("a group that is synced by now takes nobody back", func(t *testing.T) {
			st := w.Student(t, w.North, "Back", "Soon", 0, w.Algebra, w.Biology)
			if err := r.DeleteStudents(admin, ids(st)); err != nil {
				t.Fatal(err)
			}
			w.Client().Group.UpdateOneID(w.Biology.ID).SetSynced(1).ExecX(system)
			groups, err := r.FormerGroups(admin, ids(st))
			if err != nil || len(groups[st.ID]) != 1 || groups[st.ID][0].ID != w.Algebra.ID {
				t.Errorf("the groups to come back to are %v (%v)", groups[st.ID], err)
			}
			back, err := r.RestoreStudents(admin, ids(st))
			if err != nil || back.Rejoined != 1 || back.Lost != 1 {
				t.Errorf("%+v, %v", back, err)
			}
			healthy(t, d)
		})
	})
}
