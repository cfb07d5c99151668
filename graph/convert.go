package graph

import (
	"strings"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/page"
)

func toOrganization(o *db.Organization) *model.Organization {
	if o == nil {
		return nil
	}
	return &model.Organization{
		ID: globalid.Encode(globalid.Organization, o.ID), Name: o.Name, Type: model.OrganizationType(o.Type),
		ExternalID: o.ExternalID, Entity: o,
	}
}

func toEducator(e *db.Educator) *model.Educator {
	if e == nil {
		return nil
	}
	return &model.Educator{
		ID: globalid.Encode(globalid.Educator, e.ID), Name: strings.TrimSpace(e.FirstName + " " + e.LastName),
		Email: e.Email, Key: e.ID, Off: e.Disabled == 1,
	}
}

func toRole(r *db.RoleAssignment) *model.RoleAssignment {
	return &model.RoleAssignment{Role: model.Role(r.Role), OrganizationID: r.OrganizationID}
}

// toGroup says that the viewer may edit every group that is not synced: nobody sees another
// one; see rule.GroupsSeen.
func toGroup(g *db.Group) *model.Group {
	if g == nil {
		return nil
	}
	return &model.Group{
		ID: globalid.Encode(globalid.Group, g.ID), Name: g.Name, ExternalID: g.ExternalID, Synced: g.Synced == 1,
		StudentCount: g.StudentCount, ViewerCanEdit: g.Synced == 0, ViewerCanAssign: g.Synced == 0,
		Key: g.ID, OrganizationID: g.OrganizationID,
	}
}

func toStudent(s *db.Student) *model.Student {
	if s == nil {
		return nil
	}
	return &model.Student{
		ID: globalid.Encode(globalid.Student, s.ID), ExternalID: s.ExternalID, FirstName: s.FirstName, LastName: s.LastName,
		Name: strings.TrimSpace(s.FirstName + " " + s.LastName), Username: s.Username, Grade: s.Grade.String(),
		Synced: s.Synced == 1, Active: s.Active == 1,
		MinutesThisSchoolYear: s.SecondsThisYear / 60, LastActiveAt: s.LastActiveAt, CreatedAt: s.CreatedAt,
		Key: s.ID, OrganizationID: s.OrganizationID, DistrictID: s.DistrictID,
	}
}

// all converts every element of a list. The result is never nil, because lists in the API
// are never null.
func all[A, B any](list []A, convert func(A) B) []B {
	converted := make([]B, len(list))
	for i, a := range list {
		converted[i] = convert(a)
	}
	return converted
}

// orNothing is a value, or nothing if it was refused.
func orNothing[T any](value T, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	return &value, nil
}

// toPageInfo describes a page by its first and last cursor.
func toPageInfo[T any](p page.Result[T]) *model.PageInfo {
	info := &model.PageInfo{HasNextPage: p.HasNextPage, HasPreviousPage: p.HasPrevious}
	if n := len(p.Cursors); n > 0 {
		info.StartCursor, info.EndCursor = &p.Cursors[0], &p.Cursors[n-1]
	}
	return info
}

// edges pairs nodes with their cursors.
func edges[N, E any](cursors []string, nodes []N, edge func(string, N) E) []E {
	list := make([]E, len(nodes))
	for i, n := range nodes {
		list[i] = edge(cursors[i], n)
	}
	return list
}
