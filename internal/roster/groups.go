package roster

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/groupeducator"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/page"
)

// GroupFilter narrows a list of groups. A group must match every field that is set.
type GroupFilter struct {
	// Search is the beginning of the name; case and accents do not matter.
	Search string
	Synced *bool
	// EducatorIDs selects the groups that any of these educators teaches.
	EducatorIDs []int
}

var groupOrders = map[string]page.Order{
	"NAME":          {Name: "NAME", Column: group.FieldNameKey},
	"STUDENT_COUNT": {Name: "STUDENT_COUNT", Column: group.FieldStudentCount},
}

// GroupList is a list of groups of which no page has been read yet.
type GroupList struct {
	service *Service
	where   []predicate.Group
}

// Groups returns the groups that the viewer sees in an organization; 0 stands for all
// organizations.
func (s *Service) Groups(ctx context.Context, organizationID int, f GroupFilter) (*GroupList, error) {
	l := &GroupList{service: s}
	if organizationID != 0 {
		o, err := s.Organization(ctx, organizationID)
		if err != nil {
			return nil, err
		}
		if o.Type == organization.TypeDISTRICT {
			l.where = append(l.where, group.DistrictID(o.ID))
		} else {
			l.where = append(l.where, group.OrganizationID(o.ID))
		}
	}
	if prefix := fold.Text(f.Search); prefix != "" {
		l.where = append(l.where, group.NameKeyGTE(prefix), group.NameKeyLT(prefix+"\U0010FFFF"))
	}
	if f.Synced != nil {
		l.where = append(l.where, group.Synced(flag(*f.Synced)))
	}
	if len(f.EducatorIDs) > 0 {
		l.where = append(l.where, group.HasTeachingWith(groupeducator.EducatorIDIn(f.EducatorIDs...)))
	}
	return l, nil
}

// Page reads one page. The order is one of the API's GroupOrderField.
func (l *GroupList) Page(ctx context.Context, args page.Args, order string, desc bool) (page.Result[*db.Group], error) {
	o, ok := groupOrders[order]
	if !ok {
		return page.Result[*db.Group]{}, fault.Invalidf("groups cannot be sorted by %s", order)
	}
	o.Desc = desc
	q, err := page.Parse(args, o)
	if err != nil {
		return page.Result[*db.Group]{}, err
	}
	rows, err := l.service.db.Client(ctx).Group.Query().Where(l.where...).Where(q.Select).All(ctx)
	if err != nil {
		return page.Result[*db.Group]{}, err
	}
	return page.NewResult(q, rows, func(g *db.Group) (page.Value, int) {
		if o.Column == group.FieldStudentCount {
			return g.StudentCount, g.ID
		}
		return g.NameKey, g.ID
	}), nil
}

// Count counts the list.
func (l *GroupList) Count(ctx context.Context) (int, error) {
	return l.service.db.Client(ctx).Group.Query().Where(l.where...).Count(ctx)
}
