package roster_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/grade"
	"github.com/openhomeroom/homeroom/internal/page"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// crowd is a world with students of all kinds, and what is known about each without asking
// the program.
type crowd struct {
	*fixture.World
	roster   *roster.Service
	students []*known
}

type known struct {
	*db.Student
	groups []int
}

func newCrowd(f *testing.F) *crowd {
	f.Helper()
	d := dbtest.Open(f, database.SQLite)
	w := fixture.New(f, d)
	c := &crowd{World: w, roster: newRoster(d)}
	firsts := []string{"José", "JOSE", "Ann", "Anna Lena", "名前", "O'Neil", "%", "_", "ẞ", "x"}
	schools := []*db.Organization{w.North, w.North, w.South, w.East}
	groups := [][]*db.Group{{w.Algebra}, {w.Algebra, w.Biology}, {}, {w.Synced}}
	for i := range 60 {
		school := schools[i%len(schools)]
		var of []*db.Group
		if school == w.North {
			of = groups[i%3]
		} else if i%8 == 2 {
			of = []*db.Group{w.Chemistry}
		}
		st := w.Student(f, school, firsts[i%len(firsts)], fmt.Sprint("Name", i%7), 30*(i%5), of...)
		update := st.Update().SetGrade(grade.Grade(i%14 - 1)).SetSynced(int8(i % 2))
		if i%3 > 0 {
			update.SetLastActiveAt(fixture.Today.AddDate(0, 0, -i%11))
		}
		st = update.SaveX(fixture.System())
		k := &known{Student: st}
		for _, g := range of {
			k.groups = append(k.groups, g.ID)
		}
		c.students = append(c.students, k)
	}
	return c
}

// caller returns one of the callers, with a function that says whom they see.
func (c *crowd) caller(t *testing.T, n uint8) (context.Context, func(*known) bool) {
	switch n % 4 {
	case 0:
		return c.As(t, c.DistrictAdmin), func(k *known) bool { return k.DistrictID == c.Alpha.ID }
	case 1:
		return c.As(t, c.NorthAdmin), func(k *known) bool { return k.OrganizationID == c.North.ID }
	case 2:
		return c.As(t, c.NorthTeacher), func(k *known) bool {
			return slices.Contains(k.groups, c.Algebra.ID) || k.OrganizationID == c.North.ID && len(k.groups) == 0
		}
	default:
		return c.As(t, c.BetaAdmin), func(k *known) bool { return k.OrganizationID == c.East.ID }
	}
}

// filter makes a filter from bits, and a function that says whom it keeps.
func (c *crowd) filter(bits uint16, search string) (f roster.StudentFilter, keeps func(*known) bool) {
	f.Search = search
	bit := func(n int) bool { return bits>>n&1 == 1 }
	if bit(0) {
		f.GroupIDs = append(f.GroupIDs, c.Algebra.ID, c.Chemistry.ID, -1)
	}
	f.NoGroups = bit(1)
	if bit(2) {
		active := bit(3)
		f.Active = &active
	}
	if bit(4) {
		synced := bit(5)
		f.Synced = &synced
	}
	if bit(6) {
		f.Grades = []grade.Grade{grade.PK, grade.All()[int(bits>>7)%len(grade.All())], 99}
	}
	return f, func(k *known) bool {
		inGroup := slices.ContainsFunc(k.groups, func(id int) bool { return slices.Contains(f.GroupIDs, id) })
		switch {
		case (len(f.GroupIDs) > 0 || f.NoGroups) && !inGroup && (!f.NoGroups || len(k.groups) > 0),
			f.Active != nil && (k.SecondsThisYear >= 60) != *f.Active,
			f.Synced != nil && (k.Synced == 1) != *f.Synced,
			len(f.Grades) > 0 && !slices.Contains(f.Grades, k.Grade):
			return false
		}
		words := fold.Words(strings.Join([]string{k.FirstName, k.LastName, k.Username, k.ExternalID}, " "))
		for _, wanted := range fold.Words(search) {
			wanted = string([]rune(wanted)[:min(64, len([]rune(wanted)))])
			if !slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, wanted) }) {
				return false
			}
		}
		return true
	}
}

var orderNames = []string{"NAME", "EXTERNAL_ID", "USERNAME", "GRADE", "LAST_ACTIVE", "MINUTES", "NOTHING"}

// FuzzStudents checks, for any filter, order and caller, that the pages of a list together
// are exactly the matching students of the purview, each once, in both directions,
// whatever the size of a page. A cursor that somebody made up is refused, or leads to a
// part of that list.
func FuzzStudents(f *testing.F) {
	c := newCrowd(f)
	for i, search := range []string{"", "jose", "José n", "ann le", "%", "_", "名", "o'n", "00001", strings.Repeat("x ", 8),
		strings.Repeat("x ", 9), strings.Repeat("é", 300), "\x00", "\xff", "\U0010FFFF", "ß"} {
		f.Add(search, "", uint16(i*37), uint8(i), uint8(i), uint8(3))
	}
	for i, bits := range []uint16{0, 1, 2, 3, 4, 12, 16, 48, 64, 64 | 5<<7, 1 | 4 | 8 | 16 | 64} {
		for who := range uint8(4) {
			f.Add("", "", bits, uint8(i), who, uint8(7*i))
		}
	}
	f.Add("", "eyJvIjoiTkFNRSIsInYiOiJ4IiwiaSI6MX0", uint16(0), uint8(0), uint8(0), uint8(1))
	f.Fuzz(func(t *testing.T, search, cursor string, bits uint16, order, who, size uint8) {
		ctx, sees := c.caller(t, who)
		filter, keeps := c.filter(bits, search)
		list, err := c.roster.Students(ctx, 0, filter)
		if err != nil {
			wantInvalid(t, err)
			return
		}
		want := map[int]bool{}
		for _, k := range c.students {
			if sees(k) && keeps(k) {
				want[k.ID] = true
			}
		}
		name := orderNames[int(order)%len(orderNames)]
		first := int(size)%40 + 1
		forwards, ok := walk(t, ctx, list, page.Args{First: &first}, name)
		if !ok {
			return
		}
		backwards, _ := walk(t, ctx, list, page.Args{Last: &first}, name)
		slices.Reverse(backwards)
		seen := map[int]bool{}
		for _, id := range forwards {
			if !want[id] || seen[id] {
				t.Fatalf("student %d is on a page, wanted %t, seen %t", id, want[id], seen[id])
			}
			seen[id] = true
		}
		if len(seen) != len(want) || !slices.Equal(forwards, backwards) {
			t.Fatalf("%d students of %d; forwards %v, backwards %v", len(seen), len(want), forwards, backwards)
		}
		if n, err := list.Count(ctx); err != nil || n != len(want) {
			t.Fatalf("counted %d of %d, %v", n, len(want), err)
		}
		p, err := list.Page(ctx, page.Args{First: &first, After: &cursor}, name, false)
		if err != nil {
			wantInvalid(t, err)
			return
		}
		for _, st := range p.Items {
			if !want[st.ID] {
				t.Fatalf("a cursor leads to student %d", st.ID)
			}
		}
	})
}

// walk reads all pages, by cursors, and returns the keys in the order of reading.
func walk(t *testing.T, ctx context.Context, list *roster.StudentList, args page.Args,
	order string) (ids []int, ok bool) {
	t.Helper()
	for range 100 {
		p, err := list.Page(ctx, args, order, false)
		if err != nil {
			wantInvalid(t, err)
			return nil, false
		}
		items, cursors := slices.Clone(p.Items), slices.Clone(p.Cursors)
		more := p.HasNextPage
		if args.Last != nil {
			slices.Reverse(items)
			slices.Reverse(cursors)
			more = p.HasPrevious
		}
		for _, st := range items {
			ids = append(ids, st.ID)
		}
		if !more {
			return ids, true
		}
		last := cursors[len(cursors)-1]
		if args.Last != nil {
			args.Before = &last
		} else {
			args.After = &last
		}
	}
	t.Fatal("the pages do not end")
	return nil, false
}

// wantInvalid fails for an error that is not the caller's.
func wantInvalid(t *testing.T, err error) {
	t.Helper()
	if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.NotFound {
		t.Fatalf("got %v", err)
	}
}

// FuzzGroups holds the same for lists of groups.
func FuzzGroups(f *testing.F) {
	c := newCrowd(f)
	for i, search := range []string{"", "alg", "ALGÈBRA", "%", "home room", "\xff", "\U0010FFFF",
		strings.Repeat("a", 500)} {
		f.Add(search, uint8(i), uint8(i), i%2 == 0)
	}
	all := []*db.Group{c.Algebra, c.Biology, c.Synced, c.Chemistry, c.Drama}
	f.Fuzz(func(t *testing.T, search string, who, bits uint8, count bool) {
		ctx, _ := c.caller(t, who)
		var synced *bool
		if bits&1 == 1 {
			is := bits&2 == 2
			synced = &is
		}
		filter := roster.GroupFilter{Search: search, Synced: synced}
		if bits&4 == 4 {
			filter.EducatorIDs = []int{c.NorthTeacher.ID, c.SouthTeacher.ID}
		}
		list, err := c.roster.Groups(ctx, 0, filter)
		if err != nil {
			wantInvalid(t, err)
			return
		}
		order := map[bool]string{true: "STUDENT_COUNT", false: "NAME"}[count]
		p, err := list.Page(ctx, page.Args{}, order, bits&8 == 8)
		if err != nil {
			wantInvalid(t, err)
			return
		}
		got := map[int]bool{}
		for _, g := range p.Items {
			got[g.ID] = true
		}
		for _, g := range all {
			mine := map[int]bool{
				0: g.DistrictID == c.Alpha.ID,
				1: g.OrganizationID == c.North.ID,
				2: g.ID == c.Algebra.ID,
				3: g.ID == c.Drama.ID,
			}[int(who%4)]
			taught := g.ID == c.Algebra.ID || g.ID == c.Chemistry.ID
			want := mine && strings.HasPrefix(fold.Text(g.Name), fold.Text(search)) &&
				(synced == nil || (g.Synced == 1) == *synced) && (len(filter.EducatorIDs) == 0 || taught)
			if got[g.ID] != want {
				t.Fatalf("search %q as caller %d with %08b: %s is there %t", search, who%4, bits, g.Name, got[g.ID])
			}
		}
	})
}
