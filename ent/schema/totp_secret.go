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

// TotpSecret is the secret from which an educator's authenticator app makes its codes.
type TotpSecret struct{ ent.Schema }

// Mixin of TotpSecret.
func (TotpSecret) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of TotpSecret.
func (TotpSecret) Fields() []ent.Field {
	return []ent.Field{
		field.Int("educator_id").Immutable(),
		field.Bytes("secret").Immutable().Sensitive().
			Comment("Encrypted with a key of the server, and bound to the educator."),
		field.Int64("last_step").
			Comment("The time step of the last accepted code. Codes up to this step are refused."),
		field.Time("last_used_at").SchemaType(instant).Optional().Nillable(),
	}
}

// Edges of TotpSecret.
func (TotpSecret) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("educator", Educator.Type).Field("educator_id").Unique().Required().Immutable().
			Annotations(entsql.OnDelete(entsql.Restrict)),
	}
}

// Indexes of TotpSecret.
func (TotpSecret) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("educator_id").Unique(),
	}
}

// Policy of TotpSecret.
func (TotpSecret) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(),
		Mutation: rule.ByTheServerAlone(),
	}
}
