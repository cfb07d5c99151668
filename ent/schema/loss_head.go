package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/rule"
)

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
