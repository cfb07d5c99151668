package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/rule"
)

// AuditHead is the newest entry of one chain of the audit trail. Adding an entry locks it,
// as the last step of the transaction.
type AuditHead struct{ ent.Schema }

// Mixin of AuditHead.
func (AuditHead) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of AuditHead.
func (AuditHead) Fields() []ent.Field {
	return []ent.Field{
		field.Int("district_id").Immutable().Comment("0 for the chain of what belongs to no district."),
		field.Int("seq"),
		field.String("hash").SchemaType(varchar(64)),
	}
}

// Indexes of AuditHead.
func (AuditHead) Indexes() []ent.Index {
	return []ent.Index{index.Fields("district_id").Unique()}
}

// Policy of AuditHead.
func (AuditHead) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(),
		Mutation: rule.ByTheServerAlone(),
	}
}
