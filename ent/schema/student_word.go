package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/rule"
)

// StudentWord is one folded word of a student's names, username or Student ID. A search
// reads a range of this index; an OR over four columns would read every student of the
// district.
type StudentWord struct{ ent.Schema }

// Mixin of StudentWord.
func (StudentWord) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of StudentWord.
func (StudentWord) Fields() []ent.Field {
	return []ent.Field{
		field.Int("student_id").Immutable(),
		field.Int("district_id").Immutable(),
		field.String("word").SchemaType(varchar(64)).Immutable(),
	}
}

// Edges of StudentWord.
func (StudentWord) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("student", Student.Type).Ref("search_words").Field("student_id").Unique().Required().Immutable(),
	}
}

// Indexes of StudentWord.
func (StudentWord) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("district_id", "word", "student_id").Unique(),
		index.Fields("student_id"),
	}
}

// Policy of StudentWord.
func (StudentWord) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(),
		Mutation: rule.ByTheServerAlone(),
	}
}
