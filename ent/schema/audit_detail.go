package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/rule"
)

// AuditDetail is what an entry of the audit trail says about one person or thing. Its text
// can be erased, because the entry holds only a digest. The digest is made with a salt
// that is erased with the text, so nobody can guess what the text was.
//
// A detail names its entry by the chain and its place there, because both are known before
// the entry has a key.
type AuditDetail struct{ ent.Schema }

// Mixin of AuditDetail.
func (AuditDetail) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of AuditDetail.
func (AuditDetail) Fields() []ent.Field {
	return []ent.Field{
		field.Int("district_id").Immutable(),
		field.Int("seq").Immutable(),
		field.Int("position").Immutable().Comment("The position among the details of the entry, from 1."),
		field.String("subject_type").SchemaType(varchar(8)).Immutable().Comment("A type name of package globalid."),
		field.Int("subject_id").Immutable(),
		field.String("salt").SchemaType(varchar(32)).Optional().Nillable().Sensitive(),
		field.Text("body").Optional().Nillable().Sensitive().
			Comment("JSON: what changed, with the values before and after. Unset after an erasure."),
		field.String("digest").SchemaType(varchar(64)).Immutable().
			Comment("HMAC-SHA-256 of the body with the salt, in hexadecimal."),
	}
}

// Indexes of AuditDetail.
func (AuditDetail) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("district_id", "seq", "position").Unique(),
		index.Fields("subject_type", "subject_id", "district_id", "seq"),
	}
}

// Policy of AuditDetail.
func (AuditDetail) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(),
		Mutation: rule.OnlyCreatedAndErasedByTheServer(),
	}
}
