package roster

import (
	"context"
	"fmt"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/formerenrollment"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/page"
	"github.com/openhomeroom/homeroom/internal/setting"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// DeletedList is the list of an organization's deleted students who can still be restored.
type DeletedList struct {
	service  *Service
	where    []predicate.Student
	settings map[int]setting.Settings
}

// DeletedStudent is a row of the list.
type DeletedStudent struct {
	*db.Student
	// PurgeAt is when the personal data may be erased.
	PurgeAt time.Time
}

// Deleted returns the deleted students of an organization that the viewer administers, as
// long as they can be restored.
func (s *Service) Deleted(ctx context.Context, organizationID int, search string) (*DeletedList, error) {
	o, err := s.Organization(ctx, organizationID)
	if err != nil {
		return nil, fault.From(err).At("organizationId")
	}
	v := viewer.FromContext(ctx)
	if !v.Administers(o.ID, o.DistrictID) {
		return nil, fault.Forbiddenf("only administrators can see deleted students").At("organizationId")
	}
	words, err := SearchWords(search)
	if err != nil {
		return nil, err
	}
	client := s.db.Client(ctx)
	schools, in := []*db.Organization{o}, student.OrganizationID(o.ID)
	if o.Type == organization.TypeDISTRICT {
		in = student.DistrictID(o.ID)
		if schools, err = client.Organization.Query().Where(organization.DistrictID(o.ID)).All(ctx); err != nil {
			return nil, err
		}
	}
	l := &DeletedList{service: s}
	if l.settings, err = setting.Read(ctx, client, s.now(), schools...); err != nil {
		return nil, err
	}
	l.where = append(l.where, in, student.DeletedAtNotNil(), kept(l.settings, s.now()))
	for _, w := range words {
		l.where = append(l.where, hasWord(v, w))
	}
	return l, nil
}

// kept selects the deleted students who can still be restored. Most schools keep them for
// the same time, so the shortest retention of all is a range of the index.
func kept(settings map[int]setting.Settings, now time.Time) predicate.Student {
	bySince := map[time.Time][]any{}
	for id, set := range settings {
		since := set.PurgedBefore(now).UTC()
		bySince[since] = append(bySince[since], id)
	}
	var all []time.Time
	for since := range bySince {
		all = append(all, since)
	}
	slices.SortFunc(all, time.Time.Compare)
	return func(s *sql.Selector) {
		deletedAt := s.C(student.FieldDeletedAt)
		s.Where(sql.GT(deletedAt, setting.ErasingAt()))
		for i, since := range all {
			switch {
			case since.IsZero():
			case i == 0:
				s.Where(sql.GTE(deletedAt, since))
			default:
				s.Where(sql.Or(sql.GTE(deletedAt, since), sql.NotIn(s.C(student.FieldOrganizationID), bySince[since]...)))
			}
		}
	}
}

// byDeletion sorts by the time of deletion, newest first.
var byDeletion = page.Order{Name: "deleted", Column: student.FieldDeletedAt, Desc: true}

// Page reads one page. The student who was deleted last comes first.
func (l *DeletedList) Page(ctx context.Context, args page.Args) (page.Result[DeletedStudent], error) {
	q, err := page.Parse(args, byDeletion)
	if err != nil {
		return page.Result[DeletedStudent]{}, err
	}
	rows, err := l.query(ctx).Where(q.Select).Select(student.Columns...).All(l.system(ctx))
	if err != nil {
		return page.Result[DeletedStudent]{}, err
	}
	list := make([]DeletedStudent, len(rows))
	for i, st := range rows {
		list[i] = DeletedStudent{st, l.settings[st.OrganizationID].PurgeAt(*st.DeletedAt)}
	}
	return page.NewResult(q, list, func(st DeletedStudent) (page.Value, int) { return *st.DeletedAt, st.ID }), nil
}

// Count counts the list.
func (l *DeletedList) Count(ctx context.Context) (int, error) {
	return l.query(ctx).Count(l.system(ctx))
}

func (l *DeletedList) query(ctx context.Context) *db.StudentQuery {
	return l.service.db.Client(ctx).Student.Query().Where(l.where...)
}

// system lifts the policy that hides deleted students. Deleted has checked the caller
// before.
func (l *DeletedList) system(ctx context.Context) context.Context {
	return viewer.AsSystem(ctx, "deleted students of an organization that the viewer administers")
}

// ofOwnSchool leaves out former groups that are no longer at the student's school.
func ofOwnSchool(s *sql.Selector) {
	s.Where(sql.ExprP(fmt.Sprintf("EXISTS (SELECT 1 FROM students o "+
		"JOIN `groups` g ON g.organization_id = o.organization_id WHERE o.id = %s AND g.id = %s)",
		s.C(formerenrollment.FieldStudentID), s.C(formerenrollment.FieldGroupID))))
}

// FormerGroups returns the groups that deleted students would return to, by name, limited
// to those that the viewer sees.
func (s *Service) FormerGroups(ctx context.Context, studentIDs []int) (map[int][]*db.Group, error) {
	if len(studentIDs) == 0 {
		return nil, nil
	}
	client := s.db.Client(ctx)
	rows, err := client.FormerEnrollment.Query().Where(formerenrollment.StudentIDIn(studentIDs...), ofOwnSchool).
		All(viewer.AsSystem(ctx, "groups of deleted students that the viewer has been shown"))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	of := map[int][]int{}
	var ids []int
	for _, r := range rows {
		of[r.GroupID] = append(of[r.GroupID], r.StudentID)
		ids = append(ids, r.GroupID)
	}
	slices.Sort(ids)
	groups, err := client.Group.Query().Where(group.IDIn(slices.Compact(ids)...), group.Synced(0)).
		Order(group.ByNameKey(), group.ByID()).All(ctx)
	byStudent := map[int][]*db.Group{}
	for _, g := range groups {
		for _, id := range of[g.ID] {
			byStudent[id] = append(byStudent[id], g)
		}
	}
	return byStudent, err
}
