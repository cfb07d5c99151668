package sample

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/usage"
)

// student is a student with everything that is stored about the student.
type student struct {
	name
	school                                      int
	externalID, username, usernameKey, sortName string
	year                                        int
	synced                                      int
	seconds                                     int
	lastActive                                  time.Time
	words                                       []string
	// groups are positions in the batch.
	groups []int
	usage  []usageDay
}

// usageDay is the usage of one product on one day.
type usageDay struct {
	day     calendar.Day
	product int
	seconds int
}

func (s *student) active() int {
	if s.seconds >= usage.ActiveSeconds {
		return 1
	}
	return 0
}

// maker makes up the students of one school. It caches folded texts, because names repeat.
type maker struct {
	plan   *plan
	rand   *rand.Rand
	folded map[string]string
}

func newMaker(p *plan, r *rand.Rand) *maker {
	return &maker{plan: p, rand: r, folded: map[string]string{}}
}

// unassignedBefore returns how many students before position i are in no group. They are
// distributed evenly over the district, and there are exactly as many as wanted.
func (p *plan) unassignedBefore(i int) int { return i * p.unassigned / 1e6 }

func (m *maker) isUnassigned(i int) bool {
	return m.plan.unassignedBefore(i+1) > m.plan.unassignedBefore(i)
}

// isActive reports whether the student has enough usage: four of five unassigned students
// have, and nine of ten others.
func (m *maker) isActive(i int) bool {
	if m.isUnassigned(i) {
		return m.plan.unassignedBefore(i)%5 != 4
	}
	return m.rand.IntN(10) > 0
}

// student makes up the i-th student of the district, without groups.
func (m *maker) student(i, position int) student {
	s := &m.plan.schools[position]
	st := student{
		name:   m.plan.names.draw(m.rand),
		school: position,
		year:   s.lowest + m.rand.IntN(s.highest-s.lowest+1),
		// The numbers rise with gaps, so that students are stored in the order of their
		// Student IDs.
		externalID: fmt.Sprintf("%09d", 10_000+7*i+m.rand.IntN(7)),
	}
	st.username = m.username(st.name, i)
	st.usernameKey = fold.Key(st.username)
	st.sortName = fold.SortName(st.family, st.given)
	st.words = m.words(&st)
	if m.isActive(i) {
		m.addUsage(&st)
	} else {
		m.addTooLittleUsage(&st)
	}
	for _, u := range st.usage {
		if u.day >= m.plan.year.StartsOn {
			st.seconds += u.seconds
		}
	}
	if n := len(st.usage); n > 0 {
		// Between 13:00 and 20:00 UTC: a school day in America.
		st.lastActive = st.usage[n-1].day.Time().Add(time.Duration(13*3600+m.rand.IntN(7*3600)) * time.Second)
	}
	return st
}

// username returns a name with the student's number at the end, which follows no other
// digit. So no two are equal, whatever their case.
func (m *maker) username(n name, i int) string {
	latin := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r < 'a' || r > 'z' {
				return -1
			}
			return r
		}, m.fold(s))
	}
	base := latin(n.given) + latin(n.family)
	switch {
	case utf8.RuneCountInString(base) < 2 && m.rand.IntN(4) == 0:
		base = strings.Map(func(r rune) rune {
			if !unicode.IsLetter(r) && !unicode.IsMark(r) {
				return -1
			}
			return r
		}, n.family+n.given) + "."
	case len(base) < 2:
		base = "student"
	case m.rand.IntN(6) == 0:
		base = strings.ToUpper(base[:2]) + base[2:]
	}
	return fmt.Sprintf("%s%d", cut(base, 16), i+1)
}

// words returns the words by which a search finds the student.
func (m *maker) words(st *student) []string {
	all := make([]string, 0, 8)
	for _, text := range []string{m.fold(st.given), m.fold(st.family), fold.Text(st.username), st.externalID} {
	next:
		for word := range strings.FieldsSeq(text) {
			word = cut(word, 64)
			for _, known := range all {
				if known == word {
					continue next
				}
			}
			all = append(all, word)
		}
	}
	return all
}

// fold is fold.Text with a cache.
func (m *maker) fold(s string) string {
	folded, ok := m.folded[s]
	if !ok {
		folded = fold.Text(s)
		m.folded[s] = folded
	}
	return folded
}

// addUsage adds some days of usage, at least one of them in the school year if it has
// begun.
func (m *maker) addUsage(st *student) {
	p := m.plan
	sure := -1
	if n := len(p.days) - p.inYear; n > 0 {
		sure = p.inYear + m.rand.IntN(n)
	}
	for i, day := range p.days {
		if i != sure && m.rand.Float64() >= p.usageChance {
			continue
		}
		product := m.rand.IntN(len(products()))
		st.usage = append(st.usage, usageDay{day: day, product: product, seconds: 120 + m.rand.IntN(2400)})
		if another := (product + 1) % len(products()); m.rand.IntN(12) == 0 {
			st.usage = append(st.usage, usageDay{day: day, product: another, seconds: 30 + m.rand.IntN(900)})
		}
	}
}

// addTooLittleUsage gives every fourth inactive student less than a minute in the
// school year, and another fourth usage before it.
func (m *maker) addTooLittleUsage(st *student) {
	p := m.plan
	switch m.rand.IntN(4) {
	case 0:
		if n := len(p.days) - p.inYear; n > 0 {
			st.usage = append(st.usage,
				usageDay{day: p.days[p.inYear+m.rand.IntN(n)], seconds: 1 + m.rand.IntN(usage.ActiveSeconds-1)})
		}
	case 1:
		if p.inYear > 0 {
			st.usage = append(st.usage, usageDay{day: p.days[m.rand.IntN(p.inYear)], seconds: 600})
		}
	}
}

// cut shortens s to at most n characters.
func cut(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
