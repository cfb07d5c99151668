package graph

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/graph/loader"
	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/graph/selection"
	"github.com/openhomeroom/homeroom/graph/trail"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/page"
	"github.com/openhomeroom/homeroom/internal/quote"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func (r queryResolver) AuditEvents(ctx context.Context, organizationID *string, filter *model.AuditEventFilter,
	first *int, after *string, last *int, before *string) (*model.AuditEventConnection, error) {
	organization, err := optionalKey(globalid.Organization, organizationID, "organizationId")
	if err != nil {
		return nil, err
	}
	f, err := toAuditFilter(filter)
	if err != nil {
		return nil, err
	}
	list, err := r.Audit.Events(ctx, organization, f)
	if err != nil {
		return nil, err
	}
	c := &model.AuditEventConnection{List: list}
	if !selection.Has(ctx, "nodes", "edges", "pageInfo") {
		return c, nil
	}
	p, err := list.Page(ctx, page.Args{First: first, After: after, Last: last, Before: before})
	if err != nil {
		return nil, err
	}
	if c.Nodes, err = r.toAuditEvents(ctx, p.Items); err != nil {
		return nil, err
	}
	trail.NoteEntries(ctx, len(p.Items), organization)
	c.Edges = edges(p.Cursors, c.Nodes, func(cursor string, e *model.AuditEvent) *model.AuditEventEdge {
		return &model.AuditEventEdge{Cursor: cursor, Node: e}
	})
	c.PageInfo = toPageInfo(p)
	return c, nil
}

func (r queryResolver) AuditEventsCSVURL(ctx context.Context, organizationID string,
	filter *model.AuditEventFilter) (*string, error) {
	organization, err := key(globalid.Organization, organizationID, "organizationId")
	if err != nil {
		return nil, err
	}
	f, err := toAuditFilter(filter)
	if err != nil {
		return nil, err
	}
	return orNothing(r.Downloads.AuditURL(ctx, organization, f))
}

func toAuditFilter(in *model.AuditEventFilter) (f audit.Filter, err error) {
	if in == nil {
		return f, nil
	}
	f.Actions = all(in.Actions, func(a model.AuditAction) audit.Action { return audit.Action(a) })
	if in.ActorKind != nil {
		f.ActorKind = audit.ActorKind(*in.ActorKind)
	}
	if in.ActorID != nil {
		t, k, ok := globalid.Decode(*in.ActorID)
		if !ok || t != globalid.Educator && t != globalid.ServiceKey {
			return f, fault.Invalidf("%s is not the id of an educator or a service key", quote.Text(quote.Short(*in.ActorID))).
				WithCode("BAD_ID").At("filter.actorId")
		}
		f.Actor = &audit.Subject{Type: t, ID: k}
	}
	if in.SubjectID != nil {
		t, k, ok := globalid.Decode(*in.SubjectID)
		if !ok {
			return f, fault.Invalidf("%s is not an id", quote.Text(quote.Short(*in.SubjectID))).WithCode("BAD_ID").
				At("filter.subjectId")
		}
		f.About = &audit.Subject{Type: t, ID: k}
	}
	f.JobID, err = optionalKey(globalid.BulkJob, in.JobID, "filter.jobId")
	f.From, f.To = in.From, in.To
	return f, err
}

// toAuditEvents reads what the selected fields need, with one statement each.
func (r queryResolver) toAuditEvents(ctx context.Context, events []*db.AuditEvent) ([]*model.AuditEvent, error) {
	l := loader.From(ctx)
	if selection.Has(ctx, "nodes.organization", "edges.node.organization") {
		if err := l.OrganizationByID.Prime(ctx,
			all(events, func(e *db.AuditEvent) int { return e.OrganizationID })); err != nil {
			return nil, err
		}
	}
	if selection.Has(ctx, "nodes.actor", "edges.node.actor") {
		var educators, keys []int
		for _, e := range events {
			switch audit.ActorKind(e.ActorKind) {
			case audit.Educator:
				educators = append(educators, e.ActorID)
			case audit.ServiceKey:
				keys = append(keys, e.ActorID)
			}
		}
		if err := l.SubmitterByID.Prime(ctx, educators); err != nil {
			return nil, err
		}
		if err := l.ServiceKeyByID.Prime(ctx, keys); err != nil {
			return nil, err
		}
	}
	nodes := all(events, toAuditEvent)
	for i, e := range events {
		if viewer.FromContext(ctx).Administers(e.DistrictID, e.DistrictID) {
			nodes[i].Sequence = &e.Seq
		}
	}
	if !selection.Has(ctx, "nodes.subjects", "edges.node.subjects") {
		return nodes, nil
	}
	told, err := r.Audit.Details(ctx, events)
	if err != nil {
		return nil, err
	}
	for i, e := range events {
		nodes[i].Subjects = all(told[e.ID], toAuditSubject)
	}
	if selection.Has(ctx, "nodes.subjects.node", "edges.node.subjects.node") {
		return nodes, primeSubjects(ctx, told)
	}
	return nodes, nil
}

// primeSubjects reads what a page of entries is about, as far as the viewer sees it.
func primeSubjects(ctx context.Context, told map[int][]audit.Told) error {
	ids := map[globalid.Type]map[int]bool{}
	for _, list := range told {
		for _, t := range list {
			if ids[t.Subject.Type] == nil {
				ids[t.Subject.Type] = map[int]bool{}
			}
			ids[t.Subject.Type][t.Subject.ID] = true
		}
	}
	l := loader.From(ctx)
	for t, prime := range map[globalid.Type]func(context.Context, []int) error{
		globalid.Organization: l.OrganizationByID.Prime, globalid.Educator: l.EducatorByID.Prime,
		globalid.Group: l.GroupByID.Prime, globalid.Student: l.StudentByID.Prime, globalid.BulkJob: l.BulkJobByID.Prime,
	} {
		if len(ids[t]) > 0 {
			if err := prime(ctx, slices.Sorted(maps.Keys(ids[t]))); err != nil {
				return err
			}
		}
	}
	return nil
}

func toAuditEvent(e *db.AuditEvent) *model.AuditEvent {
	return &model.AuditEvent{
		ID:            globalid.Encode(globalid.AuditEvent, e.ID),
		At:            e.CreatedAt,
		Action:        model.AuditAction(e.Action),
		Code:          known(e.Code),
		TargetID:      known(audit.ID(globalid.Type(e.TargetType), e.TargetID)),
		JobID:         known(audit.ID(globalid.BulkJob, e.JobID)),
		Facts:         toAuditFacts(e.Facts),
		Address:       known(e.Address),
		RequestID:     known(e.RequestID),
		OperationName: known(e.Operation),
		Hash:          e.Hash,
		Entity:        e,
	}
}

func toAuditFacts(text string) []*model.AuditFact {
	var facts map[string]json.RawMessage
	if text != "" {
		// This program wrote the text. If it cannot be read, there is no value.
		_ = json.Unmarshal([]byte(text), &facts)
	}
	return all(slices.Sorted(maps.Keys(facts)), func(name string) *model.AuditFact {
		return &model.AuditFact{Name: name, Value: string(facts[name])}
	})
}

func toAuditSubject(t audit.Told) *model.AuditSubject {
	return &model.AuditSubject{ID: audit.ID(t.Subject.Type, t.Subject.ID), Erased: t.Erased,
		Changes: all(t.Changes, func(c audit.Change) *model.AuditChange {
			return &model.AuditChange{Field: c.Field, Before: c.Before, After: c.After}
		})}
}

func (r auditEventResolver) Organization(ctx context.Context, e *model.AuditEvent) (*model.Organization, error) {
	if e.Entity.OrganizationID == 0 {
		return nil, nil
	}
	o, err := loader.From(ctx).OrganizationByID.Load(ctx, e.Entity.OrganizationID)
	return toOrganization(o), err
}

// Actor names the actor to everybody who sees the entry, even a district administrator
// whom the viewer does not see otherwise.
func (r auditEventResolver) Actor(ctx context.Context, e *model.AuditEvent) (*model.AuditActor, error) {
	a := &model.AuditActor{
		Kind:  model.AuditActorKind(e.Entity.ActorKind),
		Roles: audit.RolesTold(viewer.FromContext(ctx), e.Entity),
		Name:  known(e.Entity.ActorLabel),
	}
	switch audit.ActorKind(e.Entity.ActorKind) {
	case audit.Educator:
		a.ID = known(audit.ID(globalid.Educator, e.Entity.ActorID))
		educator, err := loader.From(ctx).SubmitterByID.Load(ctx, e.Entity.ActorID)
		if educator != nil {
			a.Name = known(toEducator(educator).Name)
		}
		return a, err
	case audit.ServiceKey:
		a.ID = known(audit.ID(globalid.ServiceKey, e.Entity.ActorID))
		k, err := loader.From(ctx).ServiceKeyByID.Load(ctx, e.Entity.ActorID)
		if k != nil {
			a.Name = &k.Name
		}
		return a, err
	default:
		return a, nil
	}
}

func (r auditSubjectResolver) Node(ctx context.Context, s *model.AuditSubject) (model.Node, error) {
	return loadNode(ctx, loader.From(ctx), s.ID)
}

func (r auditEventConnectionResolver) TotalCount(ctx context.Context, c *model.AuditEventConnection) (int, error) {
	return c.List.Count(ctx)
}
