package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/rule"
)

// Lease is a piece of work that one server does at a time; see internal/lease.
type Lease struct{ ent.Schema }

// Mixin of Lease.
func (Lease) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of Lease.
func (Lease) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").SchemaType(varchar(64)).Immutable(),
		field.String("owner").SchemaType(varchar(64)).Default(""),
		field.Time("until").SchemaType(instant).Comment("When another server may take it."),
		field.Int("fence").Default(0).
			Comment("Increases with each claim, so a server that has lost the lease finds another number."),
		field.Time("done_at").SchemaType(instant).Comment("When the work was last completed."),
	}
}

// Indexes of Lease.
func (Lease) Indexes() []ent.Index {
	return []ent.Index{index.Fields("name").Unique()}
}

// Policy of Lease.
func (Lease) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(),
		Mutation: rule.ByTheServerAlone(),
	}
}
