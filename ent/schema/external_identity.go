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

// ExternalIdentity links an account to a person at an OpenID provider. Unlike an address,
// the provider's subject never changes and never passes to another person.
type ExternalIdentity struct{ ent.Schema }

// Mixin of ExternalIdentity.
func (ExternalIdentity) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of ExternalIdentity.
func (ExternalIdentity) Fields() []ent.Field {
	return []ent.Field{
		field.Int("educator_id").Immutable(),
		field.String("issuer").SchemaType(varchar(255)).Immutable().
			Comment("The issuer: the address of the provider in its tokens."),
		field.String("subject").SchemaType(varchar(255)).Immutable().
			Comment("The subject: the person at the provider. The standard allows 255 characters."),
		field.Time("last_used_at").SchemaType(instant).Default(now),
	}
}

// Edges of ExternalIdentity.
func (ExternalIdentity) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("educator", Educator.Type).Field("educator_id").Unique().Required().Immutable().
			Annotations(entsql.OnDelete(entsql.Restrict)),
	}
}

// Indexes of ExternalIdentity.
func (ExternalIdentity) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("issuer", "subject").Unique(),
		// An account has one person at each provider.
		index.Fields("educator_id", "issuer").Unique(),
	}
}

// Policy of ExternalIdentity.
func (ExternalIdentity) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(),
		Mutation: rule.ByTheServerAlone(),
	}
}
