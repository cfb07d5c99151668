package usage

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/enrollment"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/ent/db/usageday"
	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/grade"
)

// query computes the sums of a report in the database. Every statement selects from
// students, which the policies limit to the caller's purview, and joins the usage of each
// student to them.
type query struct {
	client *db.Client
	org    *db.Organization
	// goal is the minutes a week for schools that set no goal of their own.
	goal     int
	from, to calendar.Day
	weeks    int
	grades   []grade.Grade
	// byProduct limits usage to some products, of which there may be none.
	byProduct bool
	products  []int
}

// sum is what the database computes for a set of students: those of a school with or
// without a group, those of a group, or those with usage in a week.
type sum struct {
	OrganizationID int `sql:"organization_id"`
	Ungrouped      int `sql:"ungrouped"`
	GroupID        int `sql:"group_id"`
	WeekEnding     int `sql:"week_ending"`

	Active  int `sql:"active_students"`
	Seconds int `sql:"used_seconds"`
	Meeting int `sql:"meeting_goal"`
}

func (a sum) plus(b sum) sum {
	return sum{Active: a.Active + b.Active, Seconds: a.Seconds + b.Seconds, Meeting: a.Meeting + b.Meeting}
}

func (a sum) totals(weeks int) Totals {
	t := Totals{ActiveStudents: a.Active, Seconds: a.Seconds, Minutes: a.Seconds / 60, StudentsMeetingGoal: a.Meeting}
	if a.Active > 0 {
		t.AverageMinutesPerStudentPerWeek = float64(t.Minutes) / float64(a.Active) / float64(weeks)
	}
	return t
}

// bySchool returns the sums of each school, separately for students with and without a
// group.
func (q query) bySchool(ctx context.Context) (rows []sum, err error) {
	err = q.students().Modify(func(s *sql.Selector) {
		q.joinPeriod(s)
		s.Select(s.C(student.FieldOrganizationID), s.C(student.FieldUngrouped))
		q.selectSums(s)
		s.GroupBy(s.C(student.FieldOrganizationID), s.C(student.FieldUngrouped))
	}).Scan(ctx, &rows)
	return rows, err
}

// byGroup returns the sums of each group.
func (q query) byGroup(ctx context.Context) (rows []sum, err error) {
	err = q.students().Modify(func(s *sql.Selector) {
		enrolled := sql.Table(enrollment.Table).As("enrolled")
		s.Join(enrolled).On(enrolled.C(enrollment.FieldStudentID), s.C(student.FieldID))
		q.joinPeriod(s)
		s.Select(enrolled.C(enrollment.FieldGroupID))
		q.selectSums(s)
		s.GroupBy(enrolled.C(enrollment.FieldGroupID))
	}).Scan(ctx, &rows)
	return rows, err
}

// byWeek returns the sums of each week with usage. calendar.Day.WeekEnding names the
// Saturday that ends a day's week.
func (q query) byWeek(ctx context.Context) (rows []sum, err error) {
	err = q.students().Modify(func(s *sql.Selector) {
		used := q.inPeriod(q.usage(s)).AppendSelectExprAs(sql.Expr(weekEnding("u.day")), "week_ending").GroupBy("week_ending")
		s.Join(used).On(used.C(usageday.FieldStudentID), s.C(student.FieldID))
		q.joinSchool(s)
		s.Select(used.C("week_ending"))
		s.AppendSelectExprAs(sql.Expr("SUM(CASE WHEN used.seconds >= ? THEN 1 ELSE 0 END)", ActiveSeconds), "active_students")
		q.selectUsed(s, 1)
		s.GroupBy(used.C("week_ending"))
	}).Scan(ctx, &rows)
	return rows, err
}

// students starts every statement. For people, the policies leave out deleted students;
// for the server, within does.
func (q query) students() *db.StudentQuery {
	query := q.client.Student.Query().Where(within(q.org))
	if len(q.grades) > 0 {
		query.Where(student.GradeIn(q.grades...))
	}
	return query
}

// joinPeriod joins the school of each student and the usage in the period.
func (q query) joinPeriod(s *sql.Selector) {
	used := q.usage(s)
	if q.byProduct {
		used = q.withStart(used)
	} else {
		used = q.inPeriod(used)
	}
	s.LeftJoin(used).On(used.C(usageday.FieldStudentID), s.C(student.FieldID))
	q.joinSchool(s)
}

// joinSchool names the district as well. Without it a query planner may start with the
// schools of all districts.
func (q query) joinSchool(s *sql.Selector) {
	school := sql.Table(organization.Table).As("school")
	s.Join(school).On(school.C(organization.FieldID), s.C(student.FieldOrganizationID)).
		OnP(sql.EQ(school.C(organization.FieldDistrictID), q.org.DistrictID))
}

func (q query) selectSums(s *sql.Selector) {
	active := "SUM(students.active)"
	if q.byProduct {
		active = fmt.Sprintf("SUM(CASE WHEN used.since_start >= %d THEN 1 ELSE 0 END)", ActiveSeconds)
	}
	s.AppendSelectExprAs(sql.Expr(active), "active_students")
	q.selectUsed(s, q.weeks)
}

func (q query) selectUsed(s *sql.Selector, weeks int) {
	s.AppendSelectExprAs(sql.Expr("COALESCE(SUM(used.seconds), 0)"), "used_seconds")
	s.AppendSelectExprAs(
		sql.Expr("SUM(CASE WHEN used.seconds >= COALESCE(school.usage_goal_minutes, ?) * ? THEN 1 ELSE 0 END)",
			q.goal, 60*weeks), "meeting_goal")
}

// usage is the table "used": the seconds of each student of the organization in the
// period. It includes students whom the caller does not see; no row is joined to them.
func (q query) usage(outer *sql.Selector) *sql.Selector {
	x, u := sql.Table(student.Table).As("x"), sql.Table(usageday.Table).As("u")
	t := sql.Dialect(outer.Dialect()).Select(u.C(usageday.FieldStudentID)).From(x).
		Join(u).On(u.C(usageday.FieldStudentID), x.C(student.FieldID))
	if q.org.Type == organization.TypeDISTRICT {
		t.Where(sql.EQ(x.C(student.FieldDistrictID), q.org.ID))
	} else {
		t.Where(sql.EQ(x.C(student.FieldOrganizationID), q.org.ID))
	}
	if len(q.grades) > 0 {
		t.Where(sql.In(x.C(student.FieldGrade), anys(q.grades)...))
	}
	if q.byProduct {
		t.Where(sql.In(u.C(usageday.FieldProductID), anys(q.products)...))
	}
	t.AppendSelectExprAs(
		sql.Expr("SUM(CASE WHEN u.day >= ? AND u.day <= ? THEN u.seconds ELSE 0 END)", int(q.from), int(q.to)), "seconds")
	return t.GroupBy(u.C(usageday.FieldStudentID)).As("used")
}

// inPeriod leaves out what is not in the period.
func (q query) inPeriod(used *sql.Selector) *sql.Selector {
	return used.Where(sql.ExprP("u.day >= ? AND u.day <= ?", int(q.from), int(q.to)))
}

// withStart adds the seconds since the first day that counts for the student's school.
func (q query) withStart(used *sql.Selector) *sql.Selector {
	counted := sql.Table(organization.Table).As("counted")
	used.Join(counted).OnP(sql.ExprP("counted.id = x.organization_id AND counted.district_id = ?", q.org.DistrictID))
	used.AppendSelectExprAs(sql.Expr("SUM(CASE WHEN u.day >= counted.usage_counted_from THEN u.seconds ELSE 0 END)"),
		"since_start")
	return used.Where(
		sql.ExprP("(u.day >= ? AND u.day <= ? OR u.day >= counted.usage_counted_from)", int(q.from), int(q.to)))
}

func anys[T any](list []T) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v
	}
	return out
}
