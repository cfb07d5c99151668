package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/rule"
)

// Session is one sign-in. Only its bearer knows the token itself.
type Session struct{ ent.Schema }

// Mixin of Session.
func (Session) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of Session.
func (Session) Fields() []ent.Field {
	return []ent.Field{
		field.Int("educator_id").Immutable(),
		field.String("token_hash").SchemaType(varchar(64)).Immutable().Sensitive().
			Comment("SHA-256 of the token, in hexadecimal."),
		field.Time("expires_at").SchemaType(instant),
		field.Time("last_used_at").SchemaType(instant).Default(now).
			Comment("Rounded to the minute. A session that nobody uses ends early."),
		field.Int8("second_factor").Default(0).
			Comment("1 if the person used a second factor, or a required provider replaced it."),
		field.String("provider").SchemaType(varchar(64)).Default("").Immutable().
			Comment("The name of the OpenID provider at which the sign-in began; empty for any other way."),
		field.Time("proved_at").SchemaType(instant).Optional().Nillable().
			Comment("When the person last proved who they are. Changes of factors need a recent proof."),
		field.String("address").SchemaType(varchar(64)).Default("").Immutable().
			Comment("The network address that signed in."),
		field.String("user_agent").SchemaType(varchar(200)).Default("").Immutable().
			Comment("The User-Agent of the client, shortened."),
	}
}

// Edges of Session.
func (Session) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("educator", Educator.Type).Ref("sessions").Field("educator_id").Unique().Required().Immutable(),
	}
}

// Indexes of Session.
func (Session) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("token_hash").Unique(),
		index.Fields("expires_at"),
	}
}

// Policy of Session.
func (Session) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.QueryAlsoBeforeSecondFactor(rule.LimitSessionsToTheirOwner()),
		Mutation: rule.ByTheServerAlone(),
	}
}
