package roster

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/enrollment"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/ent/db/product"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/ent/db/studentword"
	"github.com/openhomeroom/homeroom/ent/db/usageday"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/grade"
	"github.com/openhomeroom/homeroom/internal/page"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// StudentFilter narrows a list of students. A student must match every field that is set.
type StudentFilter struct {
	// GroupIDs and NoGroups count as one field: a student is in any of the groups, or in
	// none at all.
	GroupIDs []int
	NoGroups bool
	Active   *bool
	Grades   []grade.Grade
	// ProductCodes selects the students who have used any of the products.
	ProductCodes []string
	Synced       *bool
	// Search is a list of words. Each must begin a word of a name, of the username or of
	// the Student ID.
	Search string
	// NotInJob is an import of students; the list is of the students of its organization who
	// are not in its file.
	NotInJob int
}

// The orders of a list of students, named as in the API.
var studentOrders = map[string]page.Order{
	"NAME":        {Name: "NAME", Column: student.FieldSortName},
	"EXTERNAL_ID": {Name: "EXTERNAL_ID", Column: student.FieldExternalID},
	"USERNAME":    {Name: "USERNAME", Column: student.FieldUsernameKey},
	"GRADE":       {Name: "GRADE", Column: student.FieldGrade},
	"LAST_ACTIVE": {Name: "LAST_ACTIVE", Column: student.FieldLastActiveAt, Nullable: true},
	"MINUTES":     {Name: "MINUTES", Column: student.FieldSecondsThisYear},
}

// StudentList is a list of students of which no page has been read yet.
type StudentList struct {
	service *Service
	where   []predicate.Student
}

// Students returns the students whom the viewer sees in an organization; 0 stands for all
// organizations.
func (s *Service) Students(ctx context.Context, organizationID int, f StudentFilter) (*StudentList, error) {
	l := &StudentList{service: s}
	if organizationID != 0 {
		o, err := s.Organization(ctx, organizationID)
		if err != nil {
			return nil, err
		}
		l.where = append(l.where, studentsOf(o))
	}
	narrowed, err := s.narrow(ctx, f)
	l.where = append(l.where, narrowed...)
	return l, err
}

// StudentsOfGroup returns the students of a group that the viewer sees.
func (s *Service) StudentsOfGroup(groupID int) *StudentList {
	return &StudentList{service: s, where: []predicate.Student{inGroups([]int{groupID})}}
}

func studentsOf(o *db.Organization) predicate.Student {
	if o.Type == organization.TypeDISTRICT {
		return student.DistrictID(o.ID)
	}
	return student.OrganizationID(o.ID)
}

func (s *Service) narrow(ctx context.Context, f StudentFilter) ([]predicate.Student, error) {
	var where []predicate.Student
	if len(f.GroupIDs) > 0 || f.NoGroups {
		p, err := s.classesAndGroups(ctx, f)
		if err != nil {
			return nil, err
		}
		where = append(where, p)
	}
	if f.Active != nil {
		where = append(where, student.Active(flag(*f.Active)))
	}
	if f.Synced != nil {
		where = append(where, student.Synced(flag(*f.Synced)))
	}
	if len(f.Grades) > 0 {
		where = append(where, student.GradeIn(f.Grades...))
	}
	if len(f.ProductCodes) > 0 {
		where = append(where, student.HasUsageWith(usageday.HasProductWith(product.CodeIn(f.ProductCodes...))))
	}
	if f.NotInJob != 0 {
		p, err := s.notInJob(ctx, f.NotInJob)
		if err != nil {
			return nil, err
		}
		where = append(where, p)
	}
	words, err := SearchWords(f.Search)
	for _, word := range words {
		where = append(where, hasWord(viewer.FromContext(ctx), word))
	}
	return where, err
}

// classesAndGroups is the filter with this name in the dashboard. A group that the viewer
// does not see has no students here; otherwise the list would reveal who is in it.
func (s *Service) classesAndGroups(ctx context.Context, f StudentFilter) (predicate.Student, error) {
	var either []predicate.Student
	if f.NoGroups {
		either = append(either, student.Ungrouped(1))
	}
	if len(f.GroupIDs) > 0 {
		seen, err := s.db.Client(ctx).Group.Query().Where(group.IDIn(f.GroupIDs...)).IDs(ctx)
		if err != nil {
			return nil, err
		}
		either = append(either, inGroups(seen))
	}
	if len(either) == 1 {
		return either[0], nil
	}
	return student.Or(either...), nil
}

func inGroups(ids []int) predicate.Student {
	return func(s *sql.Selector) {
		if len(ids) == 0 {
			s.Where(sql.False())
			return
		}
		list := make([]any, len(ids))
		for i, id := range ids {
			list[i] = id
		}
		e := sql.Table(enrollment.Table).As("member")
		s.Where(sql.In(s.C(student.FieldID),
			sql.Select(e.C(enrollment.FieldStudentID)).From(e).Where(sql.In(e.C(enrollment.FieldGroupID), list...))))
	}
}

// maxSearchWords limits the work of one search.
const maxSearchWords = 8

func SearchWords(search string) ([]string, error) {
	words := fold.Words(search)
	if len(words) > maxSearchWords {
		return nil, fault.Invalidf("the search has more than %d words; use "+
			"fewer", maxSearchWords).WithCode("TOO_MANY").At("filter.search")
	}
	for i, w := range words {
		if r := []rune(w); len(r) > maxWord {
			words[i] = string(r[:maxWord])
		}
	}
	return words, nil
}

// hasWord matches the search words that begin with word; they are one range of the index.
func hasWord(v *viewer.Viewer, word string) predicate.Student {
	return func(s *sql.Selector) {
		w := sql.Table(studentword.Table).As("word")
		s.Where(sql.In(s.C(student.FieldID), sql.Select(w.C(studentword.FieldStudentID)).From(w).Where(sql.And(
			sql.EQ(w.C(studentword.FieldDistrictID), v.DistrictID),
			sql.GTE(w.C(studentword.FieldWord), word),
			sql.LT(w.C(studentword.FieldWord), word+"\U0010FFFF")))))
	}
}

func flag(b bool) int8 {
	if b {
		return 1
	}
	return 0
}

// Page reads one page. The order is one of the API's StudentOrderField.
func (l *StudentList) Page(ctx context.Context, args page.Args, order string,
	desc bool) (page.Result[*db.Student], error) {
	o, ok := studentOrders[order]
	if !ok {
		return page.Result[*db.Student]{}, fault.Invalidf("students cannot be sorted by %s", order)
	}
	o.Desc = desc
	q, err := page.Parse(args, o)
	if err != nil {
		return page.Result[*db.Student]{}, err
	}
	rows, err := l.service.db.Client(ctx).Student.Query().Where(l.where...).
		Where(q.Select).Select(student.Columns...).All(ctx)
	if err != nil {
		return page.Result[*db.Student]{}, err
	}
	return page.NewResult(q, rows, func(st *db.Student) (page.Value, int) { return sortValue(st, o.Column), st.ID }), nil
}

func sortValue(st *db.Student, column string) page.Value {
	switch column {
	case student.FieldExternalID:
		return st.ExternalID
	case student.FieldUsernameKey:
		return st.UsernameKey
	case student.FieldGrade:
		return int(st.Grade)
	case student.FieldLastActiveAt:
		if st.LastActiveAt == nil {
			return nil
		}
		return *st.LastActiveAt
	case student.FieldSecondsThisYear:
		return st.SecondsThisYear
	default:
		return st.SortName
	}
}

// Count counts the list.
func (l *StudentList) Count(ctx context.Context) (int, error) {
	return l.service.db.Client(ctx).Student.Query().Where(l.where...).Count(ctx)
}

// CountStudents counts the students of several organizations with one statement.
func (s *Service) CountStudents(ctx context.Context, organizations []*db.Organization) (map[int]int, error) {
	var districts, schools []int
	for _, o := range organizations {
		if o.Type == organization.TypeDISTRICT {
			districts = append(districts, o.ID)
		} else {
			schools = append(schools, o.ID)
		}
	}
	var rows []struct {
		DistrictID     int `json:"district_id"`
		OrganizationID int `json:"organization_id"`
		Count          int `json:"count"`
	}
	err := s.db.Client(ctx).Student.Query().
		Where(student.Or(student.DistrictIDIn(districts...), student.OrganizationIDIn(schools...))).
		GroupBy(student.FieldDistrictID, student.FieldOrganizationID).Aggregate(db.Count()).Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	counts := map[int]int{}
	for _, r := range rows {
		counts[r.DistrictID] += r.Count
		counts[r.OrganizationID] += r.Count
	}
	return counts, nil
}
