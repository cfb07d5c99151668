package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/rule"
)

// GroupEducator is one educator teaching one group.
type GroupEducator struct{ ent.Schema }

// Mixin of GroupEducator.
func (GroupEducator) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of GroupEducator.
func (GroupEducator) Fields() []ent.Field {
	return []ent.Field{
		field.Int("group_id").Immutable(),
		field.Int("educator_id").Immutable(),
	}
}

// Edges of GroupEducator.
func (GroupEducator) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("group", Group.Type).Ref("teaching").Field("group_id").Unique().Required().Immutable(),
		edge.From("educator", Educator.Type).Ref("teaching").Field("educator_id").Unique().Required().Immutable(),
	}
}

// Indexes of GroupEducator.
func (GroupEducator) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("educator_id", "group_id").Unique(),
		index.Fields("group_id", "educator_id"),
	}
}

// Policy of GroupEducator.
func (GroupEducator) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(rule.LimitTeachingToPurview()),
		Mutation: rule.Mutation(rule.EducatorsChangeWhoTeachesTheirGroups()),
	}
}
