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

// FormerEnrollment is a group that a deleted student was in, in case the student is
// restored. The group may no longer exist by then.
type FormerEnrollment struct{ ent.Schema }

// Mixin of FormerEnrollment.
func (FormerEnrollment) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of FormerEnrollment.
func (FormerEnrollment) Fields() []ent.Field {
	return []ent.Field{
		field.Int("student_id").Immutable(),
		field.Int("group_id").Immutable(),
	}
}

// Edges of FormerEnrollment.
func (FormerEnrollment) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("student", Student.Type).Field("student_id").Unique().Required().Immutable().
			Annotations(entsql.OnDelete(entsql.Restrict)),
	}
}

// Indexes of FormerEnrollment.
func (FormerEnrollment) Indexes() []ent.Index {
	return []ent.Index{index.Fields("student_id", "group_id").Unique()}
}

// Policy of FormerEnrollment.
func (FormerEnrollment) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(),
		Mutation: rule.ByTheServerAlone(),
	}
}

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
			Comment("When the student had come to the school from another one; unset if that is unknown."),
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
