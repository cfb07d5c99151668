package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/rule"
)

// UsageEvent records that an event was counted, so that a product can send it again
// without counting it twice. An event belongs to its student: if two products at two
// schools use the same numbers, both are counted.
type UsageEvent struct{ ent.Schema }

// Mixin of UsageEvent.
func (UsageEvent) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of UsageEvent.
func (UsageEvent) Fields() []ent.Field {
	return []ent.Field{
		field.Int("district_id").Immutable(),
		field.String("event_id").SchemaType(varchar(128)).Immutable(),
		field.Int("student_id").Optional().Nillable().Immutable().
			Comment("The student whose event it was, for exports and erasures; unset for events from before this column."),
	}
}

// Indexes of UsageEvent.
func (UsageEvent) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("district_id", "event_id", "student_id").Unique(),
		index.Fields("student_id"),
	}
}

// Policy of UsageEvent.
func (UsageEvent) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(),
		Mutation: rule.ByTheServerAlone(),
	}
}
