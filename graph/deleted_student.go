package graph

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/graph/loader"
	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/graph/selection"
	"github.com/openhomeroom/homeroom/graph/trail"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/page"
	"github.com/openhomeroom/homeroom/internal/roster"
)

func (r queryResolver) DeletedStudents(ctx context.Context, organizationID string, search *string, first *int,
	after *string, last *int, before *string) (*model.DeletedStudentConnection, error) {
	id, err := key(globalid.Organization, organizationID, "organizationId")
	if err != nil {
		return nil, err
	}
	words := ""
	if search != nil {
		words = *search
	}
	list, err := r.Roster.Deleted(ctx, id, words)
	if err != nil {
		return nil, err
	}
	c := &model.DeletedStudentConnection{List: list}
	if !selection.Has(ctx, "nodes", "edges", "pageInfo") {
		return c, nil
	}
	p, err := list.Page(ctx, page.Args{First: first, After: after, Last: last, Before: before})
	if err != nil {
		return nil, err
	}
	if c.Nodes, err = r.toDeletedStudents(ctx, p.Items); err != nil {
		return nil, err
	}
	c.Edges = edges(p.Cursors, c.Nodes, func(cursor string, s *model.DeletedStudent) *model.DeletedStudentEdge {
		return &model.DeletedStudentEdge{Cursor: cursor, Node: s}
	})
	c.PageInfo = toPageInfo(p)
	trail.NoteRead(ctx, trail.Reading{List: "deletedStudents", Students: len(p.Items), Organization: id})
	return c, nil
}

// toDeletedStudents reads what the selected fields need, with one statement each.
func (r queryResolver) toDeletedStudents(ctx context.Context,
	list []roster.DeletedStudent) ([]*model.DeletedStudent, error) {
	if selection.Has(ctx, "nodes.organization", "edges.node.organization") {
		schools := all(list, func(st roster.DeletedStudent) int { return st.OrganizationID })
		if err := loader.From(ctx).SchoolByID.Prime(ctx, schools); err != nil {
			return nil, err
		}
	}
	nodes := all(list, toDeletedStudent)
	if !selection.Has(ctx, "nodes.groups", "edges.node.groups") {
		return nodes, nil
	}
	groups, err := r.Roster.FormerGroups(ctx, all(list, func(st roster.DeletedStudent) int { return st.ID }))
	if err != nil {
		return nil, err
	}
	var read []*db.Group
	for i, st := range list {
		read = append(read, groups[st.ID]...)
		nodes[i].Groups = all(groups[st.ID], toGroup)
	}
	return nodes, primeGroups(ctx, read, "nodes.groups", "edges.node.groups")
}

func toDeletedStudent(st roster.DeletedStudent) *model.DeletedStudent {
	return &model.DeletedStudent{
		ID:             globalid.Encode(globalid.Student, st.ID),
		ExternalID:     st.ExternalID,
		FirstName:      st.FirstName,
		LastName:       st.LastName,
		Username:       st.Username,
		Grade:          st.Grade.String(),
		DeletedAt:      *st.DeletedAt,
		PurgeAt:        st.PurgeAt,
		OrganizationID: st.OrganizationID,
	}
}

func (r deletedStudentResolver) Organization(ctx context.Context,
	st *model.DeletedStudent) (*model.Organization, error) {
	return schoolByID(ctx, st.OrganizationID)
}

func (r deletedStudentConnectionResolver) TotalCount(ctx context.Context,
	c *model.DeletedStudentConnection) (int, error) {
	return c.List.Count(ctx)
}

func (r mutationResolver) RestoreStudents(ctx context.Context,
	in model.RestoreStudentsInput) (*model.RestoreStudentsPayload, error) {
	payload := &model.RestoreStudentsPayload{Students: []*model.Student{}}
	ids, err := keys(globalid.Student, in.StudentIds, "studentIds")
	if err == nil {
		var restored roster.Restored
		restored, err = r.Roster.RestoreStudents(ctx, ids)
		payload.Students = all(restored.Students, toStudent)
		payload.EnrollmentsRestored, payload.EnrollmentsLost = restored.Rejoined, restored.Lost
	}
	payload.UserErrors, err = userErrors(ctx, err)
	return payload, err
}
