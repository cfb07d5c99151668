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

// RoleAssignment is one role of one educator at one organization.
type RoleAssignment struct{ ent.Schema }

// Mixin of RoleAssignment.
func (RoleAssignment) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of RoleAssignment.
func (RoleAssignment) Fields() []ent.Field {
	return []ent.Field{
		field.Int("educator_id").Immutable(),
		field.Int("organization_id").Immutable(),
		field.Int("district_id").Immutable(),
		field.Enum("role").Values("DISTRICT_ADMIN", "SCHOOL_ADMIN", "TEACHER").SchemaType(varchar(16)).Immutable(),
	}
}

// Edges of RoleAssignment.
func (RoleAssignment) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("educator", Educator.Type).Ref("roles").Field("educator_id").Unique().Required().Immutable(),
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable().
			Annotations(entsql.OnDelete(entsql.Restrict)),
	}
}

// Indexes of RoleAssignment.
func (RoleAssignment) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("educator_id", "organization_id", "role").Unique(),
		index.Fields("organization_id"),
	}
}

// Policy of RoleAssignment.
func (RoleAssignment) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(rule.LimitRolesToPurview()),
		Mutation: rule.Mutation(rule.AdministratorsGiveRoles()),
	}
}
