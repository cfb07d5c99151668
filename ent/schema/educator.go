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

// Educator is a person with an account.
type Educator struct{ ent.Schema }

// Mixin of Educator.
func (Educator) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of Educator.
func (Educator) Fields() []ent.Field {
	return []ent.Field{
		field.Int("district_id").Immutable(),
		field.String("external_id").SchemaType(varchar(64)).Optional().Nillable(),
		field.String("first_name").SchemaType(varchar(100)),
		field.String("last_name").SchemaType(varchar(100)),
		field.String("sort_name").SchemaType(varchar(190)),
		field.String("email").SchemaType(varchar(190)).Default("").
			Comment("Empty if the person came from a file without an address. Nobody signs in without one."),
		field.String("email_key").SchemaType(varchar(190)).Optional().Nillable().
			Comment("The folded address. It is unique in the installation, because a sign-in names no district."),
		field.String("username").SchemaType(varchar(190)).Default(""),
		field.String("password_hash").SchemaType(varchar(255)).Optional().Sensitive(),
		field.Int8("disabled").Default(0).Comment(flag),
		field.Int8("service").Default(0).
			Comment("0 or 1: an account in whose name a program or the operator imports. Nobody signs in with it, " +
				"whatever address a file gives it."),
	}
}

// Edges of Educator.
func (Educator) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("roles", RoleAssignment.Type).Annotations(entsql.OnDelete(entsql.Restrict)),
		edge.To("teaching", GroupEducator.Type).Annotations(entsql.OnDelete(entsql.Restrict)),
		edge.To("sessions", Session.Type).Annotations(entsql.OnDelete(entsql.Restrict)),
		edge.To("links", OneTimeLink.Type).Annotations(entsql.OnDelete(entsql.Restrict)),
	}
}

// Indexes of Educator.
func (Educator) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("email_key").Unique(),
		index.Fields("district_id", "external_id").Unique(),
		index.Fields("district_id", "sort_name"),
	}
}

// Policy of Educator.
func (Educator) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.QueryAlsoBeforeSecondFactor(rule.LimitEducatorsToPurview()),
		Mutation: rule.Mutation(rule.AdministratorsChangeEducators()),
	}
}
