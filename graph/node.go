package graph

import (
	"context"

	"github.com/openhomeroom/homeroom/graph/loader"
	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/graph/problem"
	"github.com/openhomeroom/homeroom/graph/trail"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/notify"
	"github.com/openhomeroom/homeroom/internal/page"
)

func (r queryResolver) Node(ctx context.Context, id string) (model.Node, error) {
	list, err := r.Nodes(ctx, []string{id})
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

func (r queryResolver) Nodes(ctx context.Context, ids []string) ([]model.Node, error) {
	if len(ids) > page.Max {
		return nil, fault.Invalidf("ask for at most %d nodes at once, not %d", page.Max, len(ids)).
			WithCode("TOO_MANY").At("ids")
	}
	keysOf := map[globalid.Type][]int{}
	for _, id := range ids {
		if t, k, ok := globalid.Decode(id); ok {
			keysOf[t] = append(keysOf[t], k)
		}
	}
	l := loader.From(ctx)
	prime := map[globalid.Type]func(context.Context, []int) error{
		globalid.Organization: l.OrganizationByID.Prime,
		globalid.Educator:     l.EducatorByID.Prime,
		globalid.Group:        l.GroupByID.Prime,
		globalid.Student:      l.StudentByID.Prime,
		globalid.BulkJob:      l.BulkJobByID.Prime,

		globalid.UnassignedNotice: l.Notices.Prime,
	}
	for t, list := range keysOf {
		primeNodes, isNode := prime[t]
		if !isNode {
			continue // an ID of something that is no Node, such as a session
		}
		if err := primeNodes(ctx, list); err != nil {
			return nil, err
		}
	}
	nodes := make([]model.Node, len(ids))
	for i, id := range ids {
		n, err := loadNode(ctx, l, id)
		if err != nil {
			return nil, err
		}
		nodes[i] = n
		switch n.(type) {
		case *model.Student:
			trail.NoteRead(ctx, trail.Reading{List: "node", Students: 1})
		case nil:
			if _, _, ok := globalid.Decode(id); ok {
				trail.NoteRefusal(ctx, problem.Code(fault.NotFound))
			}
		}
	}
	return nodes, nil
}

// loadNode returns nil for what does not exist for the viewer.
func loadNode(ctx context.Context, l *loader.Loaders, id string) (model.Node, error) {
	t, k, _ := globalid.Decode(id)
	switch t {
	case globalid.Organization:
		return node(ctx, l.OrganizationByID, k, toOrganization)
	case globalid.Educator:
		return node(ctx, l.EducatorByID, k, toEducator)
	case globalid.Group:
		return node(ctx, l.GroupByID, k, toGroup)
	case globalid.Student:
		return node(ctx, l.StudentByID, k, toStudent)
	case globalid.BulkJob:
		return node(ctx, l.BulkJobByID, k, toBulkJob)
	case globalid.UnassignedNotice:
		return node(ctx, l.Notices, k, func(list []notify.Notification) *model.DashboardNotification {
			if len(list) == 0 {
				return nil
			}
			return toNotification(list[0])
		})
	default:
		return nil, nil
	}
}

// node loads one row. A nil row must become a nil interface.
func node[E any, M interface {
	comparable
	model.Node
}](ctx context.Context, l *loader.Loader[int, E], k int, convert func(E) M) (model.Node, error) {
	row, err := l.Load(ctx, k)
	var none M
	if m := convert(row); err == nil && m != none {
		return m, nil
	}
	return nil, err
}
