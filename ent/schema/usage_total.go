package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/rule"
	"github.com/openhomeroom/homeroom/internal/calendar"
)

// UsageTotal is the usage of erased students, as a sum in which nobody can be recognized.
// internal/privacy says how it is made.
type UsageTotal struct{ ent.Schema }

// Mixin of UsageTotal.
func (UsageTotal) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of UsageTotal.
func (UsageTotal) Fields() []ent.Field {
	return []ent.Field{
		field.Int("district_id").Immutable(),
		field.Int("organization_id").Immutable().
			Comment("A school. The district, if so few students were erased that a sum of the school would reveal them."),
		field.Int("product_id").Immutable(),
		field.Int32("week_ending").GoType(calendar.Day(0)).Immutable().Comment("The Saturday."),
		field.Int("seconds"),
	}
}

// Edges of UsageTotal.
func (UsageTotal) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable().
			Annotations(entsql.OnDelete(entsql.Restrict)),
		edge.To("product", Product.Type).Field("product_id").Unique().Required().Immutable().
			Annotations(entsql.OnDelete(entsql.Restrict)),
	}
}

// Indexes of UsageTotal.
func (UsageTotal) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("organization_id", "week_ending", "product_id").Unique(),
		index.Fields("district_id", "week_ending"),
	}
}

// Policy of UsageTotal.
func (UsageTotal) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(),
		Mutation: rule.ByTheServerAlone(),
	}
}
