package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/rule"
)

// SignInMark remembers something about signing in for a while: how many attempts failed,
// or that an address has signed in before. It expires, so the size of the table depends on
// the last hours only.
type SignInMark struct{ ent.Schema }

// Mixin of SignInMark.
func (SignInMark) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of SignInMark.
func (SignInMark) Fields() []ent.Field {
	return []ent.Field{
		field.String("mark").SchemaType(varchar(64)).Immutable().Comment("SHA-256 of what is counted, in hexadecimal."),
		field.Int64("until_ms").
			Comment("Milliseconds since 1970. It is a number, because both databases can add to it in one statement."),
	}
}

// Indexes of SignInMark.
func (SignInMark) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("mark").Unique(),
		index.Fields("until_ms"),
	}
}

// Policy of SignInMark.
func (SignInMark) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(),
		Mutation: rule.ByTheServerAlone(),
	}
}
