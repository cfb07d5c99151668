package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/rule"
)

// OneTimeLink works once. It lets the owner of an educator's mailbox set the password, or
// a mobile app start a session after a sign-in in the browser.
type OneTimeLink struct{ ent.Schema }

// Mixin of OneTimeLink.
func (OneTimeLink) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of OneTimeLink.
func (OneTimeLink) Fields() []ent.Field {
	return []ent.Field{
		field.Int("educator_id").Immutable(),
		field.Enum("purpose").Values("INVITE", "RESET", "APP").SchemaType(varchar(16)).Immutable(),
		field.String("token_hash").SchemaType(varchar(64)).Immutable().Sensitive().
			Comment("SHA-256 of the token, in hexadecimal; for an app, of the token and what only the app knows."),
		field.Time("expires_at").SchemaType(instant).Immutable(),
		field.Int8("second_factor").Default(0).Immutable().
			Comment("1 for a link of an app, if the provider replaces a second factor."),
		field.String("provider").SchemaType(varchar(64)).Default("").Immutable().
			Comment("For a link of an app: the name of the OpenID provider at which the sign-in began."),
		field.Time("used_at").SchemaType(instant).Optional().Nillable(),
	}
}

// Edges of OneTimeLink.
func (OneTimeLink) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("educator", Educator.Type).Ref("links").Field("educator_id").Unique().Required().Immutable(),
	}
}

// Indexes of OneTimeLink.
func (OneTimeLink) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("token_hash").Unique(),
		index.Fields("expires_at"),
	}
}

// Policy of OneTimeLink.
func (OneTimeLink) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(),
		Mutation: rule.ByTheServerAlone(),
	}
}
