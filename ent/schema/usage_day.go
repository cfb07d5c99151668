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

// UsageDay is the usage of one product by one student on one day.
type UsageDay struct{ ent.Schema }

// Mixin of UsageDay.
func (UsageDay) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of UsageDay.
func (UsageDay) Fields() []ent.Field {
	return []ent.Field{
		field.Int("student_id").Immutable(),
		field.Int("product_id").Immutable(),
		field.Int32("day").GoType(calendar.Day(0)).Immutable(),
		field.Int("seconds"),
	}
}

// Edges of UsageDay.
func (UsageDay) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("student", Student.Type).Ref("usage").Field("student_id").Unique().Required().Immutable(),
		edge.To("product", Product.Type).Field("product_id").Unique().Required().Immutable().
			Annotations(entsql.OnDelete(entsql.Restrict)),
	}
}

// Indexes of UsageDay.
func (UsageDay) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("student_id", "day", "product_id").Unique(),
	}
}

// Policy of UsageDay.
func (UsageDay) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(rule.LimitUsageToPurview()),
		Mutation: rule.ByTheServerAlone(),
	}
}
