package sample

import (
	"fmt"
	"math/rand/v2"

	"github.com/openhomeroom/homeroom/internal/grade"
)

// group is a group of one school, with everything that is stored about it.
type group struct {
	school           int
	name, externalID string
	year             int
	synced           int
	students         int
	// teachers are positions in the staff.
	teachers []int
}

// fillSchool makes up the groups and students of a school.
func (p *plan) fillSchool(b *batch, position int) {
	r := rand.New(rand.NewPCG(p.Seed, uint64(position)+firstSchoolStream))
	s := &p.schools[position]
	first := len(b.groups)
	for i := range s.groups[1] - s.groups[0] {
		b.groups = append(b.groups, p.group(position, i))
	}
	groups := b.groups[first:]
	choice := newChoice(groups, s)
	m := newMaker(p, r)
	for i := s.students[0]; i < s.students[1]; i++ {
		st := m.student(i, position)
		if !m.isUnassigned(i) {
			choice.enroll(r, &st, first)
		}
		b.students = append(b.students, st)
	}
}

// The positions of the groups of the first school that show something special: the three
// of the teacher who can sign in, two with the same name, and one that is empty. They are
// not synced.
const (
	groupsOfSignIn = 3
	sameNameAs     = 3
	sameName       = 4
	stillEmpty     = 7
)

// group makes up the i-th group of a school.
func (p *plan) group(position, i int) group {
	s := &p.schools[position]
	g := group{school: position, externalID: fmt.Sprintf("G%07d", s.groups[0]+i+1)}
	span := s.highest - s.lowest + 1
	g.year = s.lowest + i%span
	g.name = groupName(gradeOf(g.year), i/span)
	if i%8 == 5 {
		g.synced = 1
		g.name = fmt.Sprintf("%s (SIS %03d)", g.name, i+1)
	}
	teachers := s.teachers
	if position == 0 {
		if i == sameName {
			same := p.group(position, sameNameAs)
			g.name, g.year = same.name, same.year
		}
		if i < groupsOfSignIn {
			g.teachers = []int{teachers[0]}
			return g
		}
		teachers = teachers[1:]
	}
	g.teachers = append(g.teachers, teachers[i%len(teachers)])
	if len(teachers) > 1 && i%5 == 0 {
		g.teachers = append(g.teachers, teachers[(i+1)%len(teachers)])
	}
	return g
}

// pk is the year before kindergarten, which is 0.
const pk = -1

// gradeOf returns the grade of a year.
func gradeOf(year int) grade.Grade {
	if year == pk {
		return grade.PK
	}
	return grade.Grade(year)
}

// groupName returns the name of the n-th group of a grade, counted from 0. Names repeat
// from school to school; some contain characters that a file has to quote or escape.
func groupName(g grade.Grade, n int) string {
	switch {
	case g == grade.PK:
		return fmt.Sprintf("Pre-K Sunflowers %d", n+1)
	case g == grade.K:
		return fmt.Sprintf("Kindergarten %c", 'A'+rune(n%26)) + more(n/26)
	case g <= 5:
		rooms := []string{"Homeroom", "Lectura en español", "Reading, small group", "Reading; advanced", `"Math Stars"`}
		return fmt.Sprintf("Grade %s %s", g, rooms[n%len(rooms)]) + more(n/len(rooms))
	case g <= 8:
		subjects := []string{"English", "Pre-Algebra", "Español", "Science & Reading", "Advisory"}
		return fmt.Sprintf("%s %s", subjects[n%len(subjects)], g) + more(n/len(subjects))
	default:
		subjects := []string{"Algebra I", "English Language Arts", "Español para hispanohablantes", "Geometry",
			"ELD = Level 2"}
		return fmt.Sprintf("%s %s – Period %d", subjects[n%len(subjects)], g, n%6+1) + more(n/30)
	}
}

func more(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d)", n+1)
}

// choice lists the groups that the students of a school may join, by grade.
type choice struct {
	groups []group
	lowest int
	// own are the groups of a grade, and manual are those of all groups that are not
	// synced.
	own    [][]int
	manual []int
}

func newChoice(groups []group, s *school) *choice {
	c := &choice{groups: groups, lowest: s.lowest, own: make([][]int, s.highest-s.lowest+1)}
	for i := range groups {
		if groups[i].school == 0 && i == stillEmpty {
			continue
		}
		g := groups[i].year - s.lowest
		c.own[g] = append(c.own[g], i)
		if groups[i].synced == 0 {
			c.manual = append(c.manual, i)
		}
	}
	return c
}

// enroll puts a student into one group of the student's grade, and one student in four
// into one or two more groups. A student in a synced group is synced; every student joins
// groups that are not synced. Positions count from offset.
func (c *choice) enroll(r *rand.Rand, st *student, offset int) {
	own := c.own[st.year-c.lowest]
	if len(own) == 0 {
		own = c.manual
	}
	joins := []int{pick(r, own)}
	st.synced = c.groups[joins[0]].synced
	if n := r.IntN(100); n < 25 {
		for range 1 + n/22 {
			joins = append(joins, pick(r, c.manual))
		}
	}
	for i, g := range joins {
		if i > 0 && g == joins[i-1] || i > 1 && g == joins[0] {
			continue
		}
		c.groups[g].students++
		st.groups = append(st.groups, offset+g)
	}
}
