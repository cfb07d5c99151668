package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/rule"
)

// RegisteredOperation is a client's operation that the operator has registered. A server
// can be set to run no others.
type RegisteredOperation struct{ ent.Schema }

// Mixin of RegisteredOperation.
func (RegisteredOperation) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of RegisteredOperation.
func (RegisteredOperation) Fields() []ent.Field {
	return []ent.Field{
		field.String("sha256").SchemaType(varchar(64)).Immutable().
			Comment("A hash of the document, in hexadecimal, which clients send instead of it."),
		field.String("client").SchemaType(varchar(100)).Immutable().
			Comment("The program it belongs to. Two programs may have the same document."),
		field.String("name").SchemaType(varchar(190)).Immutable(),
		field.Enum("kind").Values("QUERY", "MUTATION", "SUBSCRIPTION").SchemaType(varchar(16)).Immutable(),
		field.Text("document").SchemaType(map[string]string{dialect.MySQL: "mediumtext"}).Immutable(),
	}
}

// Indexes of RegisteredOperation.
func (RegisteredOperation) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("sha256", "client").Unique(),
		index.Fields("client", "name"),
	}
}

// Policy of RegisteredOperation.
func (RegisteredOperation) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(),
		Mutation: rule.ByTheServerAlone(),
	}
}
