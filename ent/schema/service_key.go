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

// ServiceKey lets a program do one or two things at one organization. Only its bearer
// knows the key itself.
type ServiceKey struct{ ent.Schema }

// Mixin of ServiceKey.
func (ServiceKey) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of ServiceKey.
func (ServiceKey) Fields() []ent.Field {
	return []ent.Field{
		field.Int("district_id").Immutable(),
		field.Int("organization_id").Immutable(),
		field.Int("agent_id").Optional().Nillable().Immutable().
			Comment("The account in whose name the key imports; unset if the key does not import."),
		field.String("name").SchemaType(varchar(100)).Immutable(),
		field.JSON("scopes", []string{}).Immutable(),
		field.String("key_hash").SchemaType(varchar(64)).Immutable().Sensitive().
			Comment("SHA-256 of the key, in hexadecimal."),
		field.String("beginning").SchemaType(varchar(16)).Immutable().
			Comment("The first characters of the key, so that people can tell keys apart."),
		field.Int("created_by").Optional().Nillable().Immutable().
			Comment("The administrator who made it; unset if the operator did."),
		field.Time("expires_at").SchemaType(instant).Immutable(),
		field.Time("last_used_at").SchemaType(instant).Optional().Nillable(),
		field.Time("revoked_at").SchemaType(instant).Optional().Nillable(),
	}
}

// Edges of ServiceKey.
func (ServiceKey) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable().
			Annotations(entsql.OnDelete(entsql.Restrict)),
		edge.To("agent", Educator.Type).Field("agent_id").Unique().Immutable().
			Annotations(entsql.OnDelete(entsql.Restrict)),
		edge.To("creator", Educator.Type).Field("created_by").Unique().Immutable().
			Annotations(entsql.OnDelete(entsql.Restrict)),
	}
}

// Indexes of ServiceKey.
func (ServiceKey) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("key_hash").Unique(),
		index.Fields("organization_id"),
	}
}

// Policy of ServiceKey.
func (ServiceKey) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(rule.LimitKeysToAdministrators()),
		Mutation: rule.Mutation(rule.AdministratorsChangeKeys()),
	}
}
