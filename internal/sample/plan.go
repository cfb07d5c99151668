package sample

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// plan is what the options result in before the first row: everything that does not grow
// with the number of students.
type plan struct {
	Options
	now     time.Time
	year    calendar.Year
	names   *nameBook
	schools []school
	staff   []educator
	// days are the school days on which there may be usage, oldest first; from
	// inYear on they belong to the school year.
	days   []calendar.Day
	inYear int
	// usageChance is the probability of usage on one day.
	usageChance float64
	// unassigned counts unassigned students in parts of a million.
	unassigned int
}

type school struct {
	name, externalID string
	lowest, highest  int // years; see gradeOf
	// students and groups are ranges of positions in the district; the end is excluded.
	students, groups [2]int
	// teachers are the positions of its teachers in the staff.
	teachers []int
}

type educator struct {
	name
	externalID string
	role       viewer.Role
	// school is the position of the school, or -1 for the district.
	school int
	// mailbox is the part of the address before the @.
	mailbox string
}

// products are the codes of the learning products.
func products() []string { return []string{"LANGUAGE_LITERACY", "ESPANOL", "MATH"} }

const districtName = "Unified School District of Meadow Valley"

// The streams of random numbers besides those of the schools. A school's stream is its
// position plus firstSchoolStream.
const (
	staffStream = iota
	firstSchoolStream
)

func newPlan(o Options) *plan {
	p := &plan{Options: o, names: newNameBook(), now: database.Instant(o.Now)}
	today := calendar.DayOf(p.now, time.UTC)
	p.year = calendar.DefaultYear(today)
	for day := today - calendar.Day(7*o.Weeks); day < today; day++ {
		if w := day.Time().Weekday(); w == time.Saturday || w == time.Sunday {
			continue
		}
		if day < p.year.StartsOn {
			p.inYear++
		}
		p.days = append(p.days, day)
	}
	// Three days in ten or, in a large district, a handful in total.
	p.usageChance = 0.3
	if o.Students >= 20_000 {
		p.usageChance = min(0.3, 4/float64(max(1, len(p.days))))
	}
	p.unassigned = int(o.UnassignedShare*1e6 + 0.5)
	p.planSchools()
	p.planStaff()
	return p
}

// planSchools distributes students and groups evenly among schools of different types.
func (p *plan) planSchools() {
	places := []string{
		"Maple Grove", "Riverside", "Lincoln", "Oak Hill", "Cesar Chavez", "Washington", "Cedar Creek", "Frida Kahlo",
		"Franklin", "Harriet Tubman", "Sunset", "Pine Ridge", "O'Neill", "Peña Blanca", "Lakeview", "Martin Luther King Jr.",
	}
	kinds := []struct {
		name            string
		lowest, highest int
	}{
		{"Elementary School", pk, 5}, {"Elementary School", 0, 5}, {"Middle School", 6, 8},
		{"High School", 9, 12}, {"Academy (K–8)", 0, 8},
	}
	spread := func(total, i int) [2]int { return [2]int{total * i / p.Schools, total * (i + 1) / p.Schools} }
	for i := range p.Schools {
		kind := kinds[i%len(kinds)]
		s := school{
			name:       places[i%len(places)] + " " + kind.name,
			externalID: fmt.Sprintf("%05d", 10*(i+1)),
			lowest:     kind.lowest, highest: kind.highest,
			students: spread(p.Students, i), groups: spread(p.Groups, i),
		}
		if i >= len(places) {
			s.name = fmt.Sprintf("%s No. %d", s.name, i+1)
		}
		p.schools = append(p.schools, s)
	}
}

// planStaff gives the district and each school an administrator, and distributes the other
// educators among the schools. The first of each kind is an account to sign in with.
func (p *plan) planStaff() {
	r := rand.New(rand.NewPCG(p.Seed, staffStream))
	add := func(role viewer.Role, school int, mailbox string) {
		e := educator{name: p.names.draw(r), role: role, school: school, mailbox: mailbox}
		if mailbox == "" {
			e.mailbox = fmt.Sprintf("educator%d", len(p.staff)+1)
		} else {
			e.name = map[viewer.Role]name{
				viewer.DistrictAdmin: {"Diana", "Delgado"},
				viewer.SchoolAdmin:   {"Samuel", "Okafor"},
				viewer.Teacher:       {"Tessa", "Nguyễn"},
			}[role]
		}
		e.externalID = fmt.Sprintf("E%06d", len(p.staff)+1)
		p.staff = append(p.staff, e)
	}
	first := func(i int, mailbox string) string {
		if i == 0 {
			return mailbox
		}
		return ""
	}
	add(viewer.DistrictAdmin, -1, "district")
	for i := range p.schools {
		add(viewer.SchoolAdmin, i, first(i, "school"))
	}
	for i := 0; len(p.staff) < p.Educators; i++ {
		s := &p.schools[i%len(p.schools)]
		s.teachers = append(s.teachers, len(p.staff))
		add(viewer.Teacher, i%len(p.schools), first(i, "teacher"))
	}
}

// batch is what one transaction stores: whole schools.
type batch struct {
	groups   []group
	students []student
}

// generate makes up the schools, one after the other, each from its own random numbers.
func (p *plan) generate(ctx context.Context, batches chan<- *batch) error {
	b := &batch{}
	for i := range p.schools {
		p.fillSchool(b, i)
		if len(b.students) < studentsInTransaction && i < len(p.schools)-1 {
			continue
		}
		select {
		case batches <- b:
			b = &batch{}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
