package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/rule"
)

// Loss is what somebody has deleted or changed without a second administrator; see
// internal/hold. It is removed when it no longer counts.
type Loss struct{ ent.Schema }

// Mixin of Loss.
func (Loss) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of Loss.
func (Loss) Fields() []ent.Field {
	return []ent.Field{
		field.Int("district_id").Immutable(),
		field.Int("organization_id").Immutable().
			Comment("The school of the students; for anything else, the organization of the change."),
		field.Int("actor_id").Immutable().Comment("The account of the person or program."),
		field.Int("job_id").Default(0).Immutable().Comment("0 if no bulk job made the change."),
		field.Int8("undo").Default(0).Immutable().Comment("1 for the undo of the job, otherwise 0."),
		field.Enum("thing").SchemaType(varchar(16)).Values("STUDENT", "GROUP", "EDUCATOR", "SCHOOL").Immutable(),
		field.Enum("verb").SchemaType(varchar(16)).Values("DELETED", "CHANGED", "LEFT").Immutable().
			Comment("LEFT is a student who goes to another school."),
		field.Int("subject_id").Default(0).Immutable().Comment("What was lost; 0 for a bulk job, whose rows say what."),
		field.Time("left_at").SchemaType(instant).Optional().Nillable().Immutable().
			Comment("When the student had left the school; none if the student was there. Such a loss counts at the school, " +
				"and not once more in the district."),
		field.Int("number").Comment("How many were lost; 1 if there is a subject."),
	}
}

// Indexes of Loss.
func (Loss) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("organization_id", "created_at"),
		index.Fields("district_id", "created_at"),
		index.Fields("job_id"),
		index.Fields("subject_id"),
		index.Fields("created_at"),
	}
}

// Policy of Loss.
func (Loss) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(),
		Mutation: rule.ByTheServerAlone(),
	}
}

// LossHead is written by every transaction that adds up the losses of a district, so that
// simultaneous ones count each other; see internal/hold.
type LossHead struct{ ent.Schema }

// Mixin of LossHead.
func (LossHead) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of LossHead.
func (LossHead) Fields() []ent.Field {
	return []ent.Field{
		field.Int("district_id").Immutable(),
		field.Int("version").Default(0),
	}
}

// Indexes of LossHead.
func (LossHead) Indexes() []ent.Index {
	return []ent.Index{index.Fields("district_id").Unique()}
}

// Policy of LossHead.
func (LossHead) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(),
		Mutation: rule.ByTheServerAlone(),
	}
}
