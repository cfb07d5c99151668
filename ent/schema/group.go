package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/rule"
)

// Group is a class of one school.
type Group struct{ ent.Schema }

// Mixin of Group.
func (Group) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of Group.
func (Group) Fields() []ent.Field {
	return []ent.Field{
		field.Int("district_id").Immutable(),
		field.Int("organization_id").Immutable(),
		field.String("name").SchemaType(varchar(190)),
		field.String("name_key").SchemaType(varchar(190)).
			Comment("The folded name, for sorting, for searching, and for files that give a name."),
		field.String("external_id").SchemaType(varchar(64)).Optional().Nillable().
			Comment("Unique in the school, but not in the district."),
		field.Int8("synced").Default(0).Comment(flag),
		field.Int("student_count").Default(0).
			Comment("How many enrollments the group has. It is updated in the transaction that changes them."),
		field.Int("version").Default(1).Comment("Increases with each change that makes a preview stale."),
	}
}

// Edges of Group.
func (Group) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable().
			Annotations(entsql.OnDelete(entsql.Restrict)),
		edge.To("enrollments", Enrollment.Type).Annotations(entsql.OnDelete(entsql.Restrict)),
		edge.To("teaching", GroupEducator.Type).Annotations(entsql.OnDelete(entsql.Restrict)),
	}
}

// Indexes of Group.
func (Group) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("organization_id", "external_id").Unique(),
		index.Fields("organization_id", "name_key"),
		index.Fields("district_id", "name_key"),
	}
}

// Policy of Group.
func (Group) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(rule.LimitGroupsToPurview()),
		Mutation: rule.Mutation(rule.EducatorsChangeTheirGroups()),
	}
}
