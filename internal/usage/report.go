package usage

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/product"
	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/grade"
)

// Report is the usage of an organization in a period, limited to the students whom the
// caller sees. Deleted students are in no number.
type Report struct {
	Organization *db.Organization
	// From and To are the first and the last day.
	From, To           calendar.Day
	GoalMinutesPerWeek int
	Totals             Totals
	// Weeks has one entry for each week that the period touches, oldest first. The first
	// and the last one count only the days inside the period.
	Weeks []Week
	// Rows are the schools of a district, or the groups of a school that the caller sees.
	// The last row holds the students in no group. The rows of a district add up to its
	// totals; the minutes of each row are rounded down. In a school, a student in two
	// groups counts in both rows, and once in the totals.
	Rows []Row

	query query
	weeks []calendar.Day
}

// Totals are the numbers of a set of students.
type Totals struct {
	// ActiveStudents counts the students with at least ActiveSeconds of usage since the
	// start of the school year, whatever the period. If products are chosen, only usage of
	// these counts. So the row of students in no group has the number of the notice. In a
	// Week, it counts the students with ActiveSeconds in that week.
	ActiveStudents int
	// Seconds is everybody's usage in the period.
	Seconds int
	// Minutes are the whole minutes of Seconds.
	Minutes int
	// AverageMinutesPerStudentPerWeek is Minutes, divided by ActiveStudents and by the
	// number of weeks in Report.Weeks; a partial week counts as one. It is 0 if nobody is
	// active.
	AverageMinutesPerStudentPerWeek float64
	// StudentsMeetingGoal counts the students whose weekly average in the period reaches
	// the goal of their school. They need not be active, because the period may lie before
	// the school year.
	StudentsMeetingGoal int
}

// Week is one week of a report.
type Week struct {
	// Ending is the Saturday.
	Ending calendar.Day
	Totals Totals
}

// Row is one line of a report. The row of a school sets Organization, that of a group sets
// Group, and that of the students in no group sets Ungrouped.
type Row struct {
	Organization *db.Organization
	Group        *db.Group
	Ungrouped    bool
	Totals       Totals
}

// Report computes the usage of an organization that the caller sees. From and to are for
// the period Custom only. No grades and no products means all of them. The number of
// statements does not grow with students, schools, groups or weeks, and all of them see
// the same moment.
func (s *Service) Report(ctx context.Context, organizationID int, period Period, from, to *calendar.Day,
	grades []grade.Grade, productCodes []string) (*Report, error) {
	ctx, end := s.db.Snapshot(ctx)
	defer end()
	org, err := s.organization(ctx, organizationID)
	if err != nil {
		return nil, err
	}
	settings, err := s.settingsOfOne(ctx, org)
	if err != nil {
		return nil, err
	}
	first, last, err := period.days(settings.Today(s.now()), settings.Year.StartsOn, from, to)
	if err != nil {
		return nil, err
	}
	weeks := weeksOf(first, last)
	q := query{
		client: s.db.Client(ctx), org: org, goal: settings.GoalMinutesPerWeek,
		from: first, to: last, weeks: len(weeks), grades: grades,
	}
	if len(productCodes) > 0 {
		q.byProduct = true
		if q.products, err = q.client.Product.Query().Where(product.CodeIn(productCodes...)).IDs(ctx); err != nil {
			return nil, err
		}
	}
	r := &Report{Organization: org, From: first, To: last, GoalMinutesPerWeek: settings.GoalMinutesPerWeek}
	if err := r.addWeeks(ctx, q, weeks); err != nil {
		return nil, err
	}
	sums, err := q.bySchool(ctx)
	if err != nil {
		return nil, err
	}
	var all, ungrouped sum
	grouped := make(map[int]sum)
	for _, b := range sums {
		all = all.plus(b)
		if b.Ungrouped == 1 {
			ungrouped = ungrouped.plus(b)
		} else {
			grouped[b.OrganizationID] = b
		}
	}
	r.Totals = all.totals(len(weeks))
	if org.Type == organization.TypeDISTRICT {
		err = r.addSchools(ctx, q, grouped)
	} else {
		err = r.addGroups(ctx, q)
	}
	r.Rows = append(r.Rows, Row{Ungrouped: true, Totals: ungrouped.totals(len(weeks))})
	r.query, r.weeks = q, weeks
	return r, err
}

func (r *Report) addWeeks(ctx context.Context, q query, weeks []calendar.Day) error {
	sums, err := q.byWeek(ctx)
	if err != nil {
		return err
	}
	used := make(map[calendar.Day]sum, len(sums))
	for _, w := range sums {
		used[calendar.Day(w.WeekEnding)] = w
	}
	for _, w := range weeks {
		r.Weeks = append(r.Weeks, Week{Ending: w, Totals: used[w].totals(1)})
	}
	return nil
}

func (r *Report) addSchools(ctx context.Context, q query, sums map[int]sum) error {
	schools, err := q.client.Organization.Query().
		Where(organization.DistrictID(r.Organization.ID), organization.TypeEQ(organization.TypeSCHOOL)).
		Order(organization.ByNameKey(), organization.ByID()).All(ctx)
	for _, o := range schools {
		r.Rows = append(r.Rows, Row{Organization: o, Totals: sums[o.ID].totals(q.weeks)})
	}
	return err
}

func (r *Report) addGroups(ctx context.Context, q query) error {
	groups, err := q.client.Group.Query().Where(group.OrganizationID(r.Organization.ID)).
		Order(group.ByNameKey(), group.ByID()).All(ctx)
	if err != nil {
		return err
	}
	// The sums of groups that the caller does not see have no row: they hold only the
	// students whom the caller sees through other groups.
	sums, err := q.byGroup(ctx)
	if err != nil {
		return err
	}
	used := make(map[int]sum, len(sums))
	for _, b := range sums {
		used[b.GroupID] = b
	}
	for _, g := range groups {
		r.Rows = append(r.Rows, Row{Group: g, Totals: used[g.ID].totals(q.weeks)})
	}
	return nil
}
