package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/rule"
)

// AccountHand is somebody who has made an account, or set its password or address, and
// who could therefore sign in with it; see internal/hold.
type AccountHand struct{ ent.Schema }

// Mixin of AccountHand.
func (AccountHand) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of AccountHand.
func (AccountHand) Fields() []ent.Field {
	return []ent.Field{
		field.Int("educator_id").Immutable(),
		field.Int("hand_id").Immutable().
			Comment("The educator who did it. The operator and the account itself have no row."),
		field.Time("last_at").SchemaType(instant).Comment("When this was last done."),
		field.Int8("ways").Default(3).
			Comment("What the hand has set that is still there, added up: 1 the password, 2 the address, 4 a password " +
				"that was set by a link to that address, 8 the External ID; 16 if it has never set anything but External " +
				"IDs. 3 if it is not known."),
	}
}

// Indexes of AccountHand.
func (AccountHand) Indexes() []ent.Index {
	return []ent.Index{index.Fields("educator_id", "hand_id").Unique()}
}

// Policy of AccountHand.
func (AccountHand) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(),
		Mutation: rule.ByTheServerAlone(),
	}
}
