package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/rule"
)

// BulkJobSeen says which students the rows of a file are about, so that the others can be
// listed. It has one row for a range of keys.
type BulkJobSeen struct{ ent.Schema }

// Mixin of BulkJobSeen.
func (BulkJobSeen) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of BulkJobSeen.
func (BulkJobSeen) Fields() []ent.Field {
	return []ent.Field{
		field.Int("job_id").Immutable(),
		field.Int("thousand").Immutable().Comment("The keys divided by 1000."),
		field.String("marks").SchemaType(varchar(1000)).Immutable().
			Comment("One character for each key of the range: 1 if the student is in the file, otherwise 0."),
	}
}

// Edges of BulkJobSeen.
func (BulkJobSeen) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("job", BulkJob.Type).Ref("seen").Field("job_id").Unique().Required().Immutable(),
	}
}

// Indexes of BulkJobSeen.
func (BulkJobSeen) Indexes() []ent.Index {
	return []ent.Index{index.Fields("job_id", "thousand")}
}

// Policy of BulkJobSeen.
func (BulkJobSeen) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(),
		Mutation: rule.ByTheServerAlone(),
	}
}
