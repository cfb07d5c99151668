package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/rule"
)

// AuditEvent is one entry of the audit trail. It is written once and never changed.
// Package audit writes it and explains the fields. It contains no name, username or
// Student ID: these are in AuditDetail, where they can be erased.
type AuditEvent struct{ ent.Schema }

// Mixin of AuditEvent.
func (AuditEvent) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of AuditEvent.
func (AuditEvent) Fields() []ent.Field {
	return []ent.Field{
		field.Int("district_id").Immutable().
			Comment("The district whose chain it is in; 0 for the chain of what belongs to no district."),
		field.Int("seq").Immutable().Comment("The position in the chain, from 1 and without gaps."),
		field.String("action").SchemaType(varchar(40)).Immutable(),
		field.String("code").SchemaType(varchar(64)).Default("").Immutable().
			Comment("Why it was refused; empty if it was done."),
		field.String("actor_kind").SchemaType(varchar(16)).Immutable().
			Comment("EDUCATOR, SERVICE_KEY, OPERATOR, SERVER or ANONYMOUS."),
		field.Int("actor_id").Default(0).Immutable().Comment("The educator or the service key; 0 for other actors."),
		field.String("actor_label").SchemaType(varchar(190)).Default("").Immutable().
			Comment("The login of an operator, or why the server acted."),
		field.String("roles").SchemaType(varchar(255)).Default("").Immutable().
			Comment("The roles at that moment, or the scopes of a key."),
		field.String("address").SchemaType(varchar(64)).Default("").Immutable(),
		field.String("request_id").SchemaType(varchar(64)).Default("").Immutable(),
		field.String("operation").SchemaType(varchar(190)).Default("").Immutable().
			Comment("The name of the GraphQL operation, or the command."),
		field.Int("organization_id").Default(0).Immutable().
			Comment("The organization it is about, which decides who sees it; 0 for none."),
		field.String("target_type").SchemaType(varchar(8)).Default("").Immutable().
			Comment("A type name of package globalid."),
		field.Int("target_id").Default(0).Immutable(),
		field.Int("job_id").Default(0).Immutable(),
		field.String("facts").SchemaType(varchar(1000)).Default("").Immutable().
			Comment("Counts and similar values as a JSON object with sorted names. Nothing personal."),
		field.String("details_digest").SchemaType(varchar(64)).Default("").Immutable().
			Comment("A hash of the digests of the details, in hexadecimal; empty if there are none."),
		field.String("prev_hash").SchemaType(varchar(64)).Immutable(),
		field.String("hash").SchemaType(varchar(64)).Immutable(),
	}
}

// Indexes of AuditEvent. Lists are read by time, newest first: of a district or an
// organization, optionally with an action or an actor; or of one job.
func (AuditEvent) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("district_id", "seq").Unique(),
		index.Fields("district_id", "created_at"),
		index.Fields("organization_id", "created_at"),
		index.Fields("district_id", "action", "created_at"),
		index.Fields("actor_id", "actor_kind", "created_at"),
		index.Fields("job_id", "created_at"),
	}
}

// Policy of AuditEvent.
func (AuditEvent) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(rule.LimitAuditToAdministrators()),
		Mutation: rule.OnlyCreatedByTheServer(),
	}
}
