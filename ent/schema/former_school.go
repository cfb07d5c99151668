package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/rule"
)

// FormerSchool is a school that a student left within the last month, at created_at. A
// deletion of the student counts there as well; see internal/hold. There is none for the
// school where the student is.
type FormerSchool struct{ ent.Schema }

// Mixin of FormerSchool.
func (FormerSchool) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of FormerSchool.
func (FormerSchool) Fields() []ent.Field {
	return []ent.Field{
		field.Int("student_id").Immutable(),
		field.Int("organization_id").Immutable(),
		field.Time("came_at").SchemaType(instant).Optional().Nillable().Immutable().
			Comment("When the student had come to it from another school; none if that is not known."),
	}
}

// Indexes of FormerSchool.
func (FormerSchool) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("student_id", "organization_id").Unique(),
		index.Fields("organization_id", "created_at"),
		index.Fields("created_at"),
	}
}

// Policy of FormerSchool.
func (FormerSchool) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(),
		Mutation: rule.ByTheServerAlone(),
	}
}
