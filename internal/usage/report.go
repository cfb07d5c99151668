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

// Report is the usage of an organization in a period, as far as the caller sees
// its students; deleted students are in no number of it.
type Report struct {
	Organization *db.Organization
	// From and To are the first and the last day.
	From, To           calendar.Day
	GoalMinutesPerWeek int
	Totals             Totals
	// Weeks has one entry for each week that the period touches, oldest first. The
	// first and the last one hold only the days inside of the period.
	Weeks []Week
	// Rows are, for a district, its schools with the students who are in groups;
	// for a school, the groups that the caller sees. The last row holds the
	// students in no group. The rows of a district add up to its totals (each row's
	// minutes are rounded down by itself). In a school a student of two groups
	// counts in both rows and once in the totals.
	Rows []Row

	query query
	weeks []calendar.Day
}

// Totals are the numbers of a set of students.
type Totals struct {
	// ActiveStudents are the students who are active by the one definition:
	// ActiveSeconds of usage since the start of the school year, whatever the
	// period; with products chosen, ActiveSeconds in these products. So the row of
	// students in no group has the number of the notice. In a Week they are the
	// students with ActiveSeconds in that week.
	ActiveStudents int
	// Seconds is the usage in the period, by everybody.
	Seconds int
	// Minutes are the whole minutes of Seconds.
	Minutes int
	// AverageMinutesPerStudentPerWeek is Minutes by ActiveStudents by the number
	// of weeks in Report.Weeks, a part of a week taken as a whole one; 0 where
	// nobody is active.
	AverageMinutesPerStudentPerWeek float64
	// StudentsMeetingGoal are the students whose seconds in the period reach the
	// goal of their school in every week on average. They need not be active, as
	// the period may lie before the school year.
	StudentsMeetingGoal int
}

// Week is one week of a report.
type Week struct {
	// Ending is the Saturday.
	Ending calendar.Day
	Totals Totals
}

// Row is one line of a report. Organization is set in the row of a school, Group
// in that of a group, Ungrouped in that of the students in no group.
type Row struct {
	Organization *db.Organization
	Group        *db.Group
	Ungrouped    bool
	Totals       Totals
}

// Report computes the usage of an organization that the caller sees. From and to
// are for the period Custom alone. Without grades and products it covers all of
// them; of a product that nobody has used there is no usage. The number of
// statements depends neither on students nor on schools, groups or weeks, and
// all of them see the database at one moment.
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
	// The sums of groups that the caller does not see have no row to stand in:
	// they hold only those students whom the caller sees through other groups.
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
