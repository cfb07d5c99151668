package identity

import (
	"context"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/groupeducator"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/ent/rule"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/page"
	"github.com/openhomeroom/homeroom/internal/role"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// PeopleFilter narrows a list of people. A person must match every field that is set.
type PeopleFilter struct {
	// Search are beginnings of names or of the address; case and accents do not matter.
	Search string
	// Roles are some of those at the organization or, for a district, in it.
	Roles    []viewer.Role
	Disabled *bool
	// Invited are those with an open invitation, or without one.
	Invited *bool
}

// peopleOrders are the orders of a list of people, named as in the API.
var peopleOrders = map[string]string{
	"NAME": educator.FieldSortName, "EMAIL": educator.FieldEmail, "CREATED_AT": educator.FieldCreatedAt,
}

// People is a list of accounts of which no page has been read yet.
type People struct {
	service *Service
	where   []predicate.Educator
}

// People returns the people with a role or a group at an organization. Only administrators
// of the organization may call it; it refuses in the same way as CreateKey.
func (s *Service) People(ctx context.Context, organizationID int, f PeopleFilter) (*People, error) {
	o, err := s.administered(ctx, organizationID, "only administrators can list the people of an organization")
	if err != nil {
		return nil, err
	}
	there := []predicate.RoleAssignment{roleassignment.DistrictID(o.DistrictID)}
	of := educator.DistrictID(o.DistrictID)
	if o.Type == organization.TypeSCHOOL {
		there = []predicate.RoleAssignment{roleassignment.OrganizationID(o.ID)}
		of = educator.Or(educator.HasRolesWith(there...),
			educator.HasTeachingWith(groupeducator.HasGroupWith(group.OrganizationID(o.ID))))
	}
	l := &People{service: s, where: []predicate.Educator{educator.Service(0), of}}
	words, err := roster.SearchWords(f.Search)
	if err != nil {
		return nil, err
	}
	for _, word := range words {
		l.where = append(l.where, educator.Or(educator.SortNameHasPrefix(word), educator.SortNameContains(" "+word),
			educator.EmailKeyHasPrefix(word)))
	}
	if len(f.Roles) > 0 {
		var roles []roleassignment.Role
		for _, r := range slices.Compact(slices.Sorted(slices.Values(f.Roles))) {
			roles = append(roles, roleassignment.Role(r))
		}
		l.where = append(l.where, educator.HasRolesWith(append(there, roleassignment.RoleIn(roles...))...))
	}
	if f.Disabled != nil {
		off := int8(0)
		if *f.Disabled {
			off = 1
		}
		l.where = append(l.where, educator.Disabled(off))
	}
	if f.Invited != nil {
		invited := isInvited()
		if !*f.Invited {
			invited = educator.Not(invited)
		}
		l.where = append(l.where, invited)
	}
	return l, nil
}

// Page reads one page, in an order of the API.
func (l *People) Page(ctx context.Context, args page.Args, order string,
	desc bool) (page.Result[*db.Educator], error) {
	q, err := page.Parse(args, page.Order{Name: order, Column: peopleOrders[order], Desc: desc})
	if err != nil {
		return page.Result[*db.Educator]{}, err
	}
	rows, err := l.service.db.Client(ctx).Educator.Query().Where(l.where...).Where(q.Select).All(ctx)
	if err != nil {
		return page.Result[*db.Educator]{}, err
	}
	return page.NewResult(q, rows, func(e *db.Educator) (page.Value, int) {
		return map[string]page.Value{"NAME": e.SortName, "EMAIL": e.Email, "CREATED_AT": e.CreatedAt}[order], e.ID
	}), nil
}

// Count counts the list.
func (l *People) Count(ctx context.Context) (int, error) {
	return l.service.db.Client(ctx).Educator.Query().Where(l.where...).Count(ctx)
}

var errWiderAccount = fault.Forbiddenf(
	"only an administrator of every organization at which the person has a role can disable or enable the account").
	At("educatorId")

// Disable disables or enables an account. The caller must administer every organization at
// which the person has a role or a group. Nobody does it to their own account, and two
// people who disable each other do not both succeed, so somebody is left to enable it.
func (s *Service) Disable(ctx context.Context, educatorID int, disabled bool) (*db.Educator, error) {
	v := viewer.FromContext(ctx)
	return s.onAccount(ctx, educatorID, func(ctx context.Context, client *db.Client, e *db.Educator) error {
		if (e.Disabled == 1) == disabled {
			return nil
		}
		if err := s.setDisabled(ctx, client, e, disabled, nil); err != nil || !disabled {
			return err
		}
		all, err := credential.RolesOf(ctx, client, []int{educatorID})
		if err != nil {
			return err
		}
		return role.Lost(viewer.NewContext(ctx, v), client, s.instant(), educatorID, all[educatorID]...)
	})
}

// onAccount changes an account all of whose organizations the caller administers, and
// which is not the caller's own. Both accounts are locked.
func (s *Service) onAccount(ctx context.Context, educatorID int,
	change func(context.Context, *db.Client, *db.Educator) error) (e *db.Educator, err error) {
	v := viewer.FromContext(ctx)
	seen, err := s.db.Client(ctx).Educator.Query().Where(educator.ID(educatorID), educator.Service(0)).Exist(ctx)
	if err != nil || !seen {
		return nil, orElse(err, errNoEducator)
	}
	if educatorID == v.EducatorID {
		return nil, fault.Forbiddenf("you cannot disable or enable your own account; ask another administrator").
			At("educatorId")
	}
	err = s.db.InTx(viewer.AsSystem(ctx, "account that an administrator disables or enables"),
		func(ctx context.Context, client *db.Client) error {
			if _, err := s.lockBoth(ctx, client, v, educatorID); err != nil {
				return err
			}
			e, err = client.Educator.Query().Where(educator.ID(educatorID), rule.EducatorsEdited(v)).Only(ctx)
			if err != nil {
				return orElse(ignoreNotFound(err), errWiderAccount)
			}
			return change(ctx, client, e)
		})
	return e, err
}

func (s *Service) setDisabled(ctx context.Context, client *db.Client, e *db.Educator, disabled bool,
	facts audit.Facts) error {
	flag, action := int8(0), audit.EducatorEnabled
	if disabled {
		flag, action = 1, audit.EducatorDisabled
	}
	if err := e.Update().SetDisabled(flag).Exec(ctx); err != nil {
		return err
	}
	e.Disabled = flag
	recordAbout(ctx, action, e, facts)
	if !disabled {
		return nil
	}
	return credential.Changed(ctx, client, s.instant(), e.ID)
}
