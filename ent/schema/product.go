package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"

	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/rule"
)

// Product is a learning program that reports usage.
type Product struct{ ent.Schema }

// Mixin of Product.
func (Product) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of Product.
func (Product) Fields() []ent.Field {
	return []ent.Field{
		field.String("code").SchemaType(varchar(64)).Unique().Immutable(),
	}
}

// Policy of Product.
func (Product) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(rule.AllowEverybodySignedIn()),
		Mutation: rule.ByTheServerAlone(),
	}
}
