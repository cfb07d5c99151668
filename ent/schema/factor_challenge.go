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

// FactorChallenge is a step that somebody has to finish once and within minutes: the
// second factor of a sign-in, a signature by a passkey, or setting up an authenticator
// app. It is in the database, so that any server can finish it.
type FactorChallenge struct{ ent.Schema }

// Mixin of FactorChallenge.
func (FactorChallenge) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of FactorChallenge.
func (FactorChallenge) Fields() []ent.Field {
	return []ent.Field{
		field.Int("educator_id").Optional().Nillable().Immutable().
			Comment("Empty if the passkey itself says whose it is."),
		field.Enum("purpose").Values("SIGN_IN", "PASSKEY_SIGN_IN", "PROOF", "PASSKEY", "TOTP").
			SchemaType(varchar(16)).Immutable(),
		field.Int("session_id").Optional().Nillable().Immutable().
			Comment("The session that may finish it; empty for a sign-in."),
		field.String("token_hash").SchemaType(varchar(64)).Immutable().Sensitive().
			Comment("SHA-256 of the token, in hexadecimal."),
		field.Bytes("state").Immutable().Sensitive().Comment("What the server needs to finish it, encrypted."),
		field.Time("expires_at").SchemaType(instant).Immutable(),
	}
}

// Edges of FactorChallenge.
func (FactorChallenge) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("educator", Educator.Type).Field("educator_id").Unique().Immutable().
			Annotations(entsql.OnDelete(entsql.Restrict)),
	}
}

// Indexes of FactorChallenge.
func (FactorChallenge) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("token_hash").Unique(),
		index.Fields("expires_at"),
		index.Fields("educator_id"),
	}
}

// Policy of FactorChallenge.
func (FactorChallenge) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(),
		Mutation: rule.ByTheServerAlone(),
	}
}
