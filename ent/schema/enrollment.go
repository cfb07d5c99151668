package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/rule"
)

// Enrollment is one student in one group.
type Enrollment struct{ ent.Schema }

// Mixin of Enrollment.
func (Enrollment) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of Enrollment.
func (Enrollment) Fields() []ent.Field {
	return []ent.Field{
		field.Int("student_id").Immutable(),
		field.Int("group_id").Immutable(),
	}
}

// Edges of Enrollment.
func (Enrollment) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("student", Student.Type).Ref("enrollments").Field("student_id").Unique().Required().Immutable(),
		edge.From("group", Group.Type).Ref("enrollments").Field("group_id").Unique().Required().Immutable(),
	}
}

// Indexes of Enrollment.
func (Enrollment) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("student_id", "group_id").Unique(),
		index.Fields("group_id", "student_id"),
	}
}

// Policy of Enrollment.
func (Enrollment) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(rule.LimitEnrollmentsToPurview()),
		Mutation: rule.Mutation(rule.EducatorsEnrollStudentsTheySee()),
	}
}
