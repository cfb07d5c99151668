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

// Passkey is a credential with which an educator's device or security key signs. The
// private key never leaves it.
type Passkey struct{ ent.Schema }

// Mixin of Passkey.
func (Passkey) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of Passkey.
func (Passkey) Fields() []ent.Field {
	return []ent.Field{
		field.Int("educator_id").Immutable(),
		field.String("name").SchemaType(varchar(100)).Comment("The educator's name for it."),
		field.String("credential_hash").SchemaType(varchar(64)).Immutable().
			Comment("SHA-256 of credential_id, in hexadecimal. It is short enough for an index."),
		field.Bytes("credential_id").Immutable(),
		field.Bytes("public_key").Immutable(),
		field.String("aaguid").SchemaType(varchar(32)).Immutable().
			Comment("The model of the authenticator, in hexadecimal; zeros if it does not say."),
		field.String("transports").SchemaType(varchar(100)).Default("").Immutable().
			Comment("How browsers reach it, separated by commas."),
		field.Int8("backup_eligible").Default(0).Immutable().Comment(flag),
		field.Int8("backed_up").Default(0).Comment(flag),
		field.Int64("sign_count").Comment("How often it has signed, by its own count; 0 if it does not count."),
		field.Int8("second_only").Default(0).
			Comment("0 or 1: it opens the account beside something else alone, because the address or the password has " +
				"changed since it did so for the last time."),
		field.Time("last_used_at").SchemaType(instant).Optional().Nillable(),
	}
}

// Edges of Passkey.
func (Passkey) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("educator", Educator.Type).Field("educator_id").Unique().Required().Immutable().
			Annotations(entsql.OnDelete(entsql.Restrict)),
	}
}

// Indexes of Passkey.
func (Passkey) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("credential_hash").Unique(),
		index.Fields("educator_id"),
	}
}

// Policy of Passkey.
func (Passkey) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(),
		Mutation: rule.ByTheServerAlone(),
	}
}
