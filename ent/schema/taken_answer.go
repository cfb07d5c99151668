package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/rule"
)

// TakenAnswer counts how often an account was told on one day that an ID or username is
// taken by somebody whom it does not see; see internal/probe. The row of a district has a
// negative number in place of the account.
type TakenAnswer struct{ ent.Schema }

// Mixin of TakenAnswer.
func (TakenAnswer) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of TakenAnswer.
func (TakenAnswer) Fields() []ent.Field {
	return []ent.Field{
		field.Int("educator_id").Immutable(),
		field.Int("day").Immutable().Comment("Days since 1970, in UTC."),
		field.Int("answers").Default(0),
	}
}

// Indexes of TakenAnswer.
func (TakenAnswer) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("educator_id", "day").Unique(),
		index.Fields("day"),
	}
}

// Policy of TakenAnswer.
func (TakenAnswer) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(),
		Mutation: rule.ByTheServerAlone(),
	}
}
