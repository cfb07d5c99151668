package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/rule"
)

// BulkJobChunk is a piece of an uploaded file. It is encrypted, because a file may contain
// passwords, and deleted when the job has ended.
type BulkJobChunk struct{ ent.Schema }

// Mixin of BulkJobChunk.
func (BulkJobChunk) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of BulkJobChunk.
func (BulkJobChunk) Fields() []ent.Field {
	return []ent.Field{
		field.Int("job_id").Immutable(),
		field.Int("seq").Immutable().Comment("Counts from 0."),
		field.Bytes("data").Immutable().Sensitive().SchemaType(map[string]string{dialect.MySQL: "mediumblob"}),
	}
}

// Edges of BulkJobChunk.
func (BulkJobChunk) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("job", BulkJob.Type).Ref("chunks").Field("job_id").Unique().Required().Immutable(),
	}
}

// Indexes of BulkJobChunk.
func (BulkJobChunk) Indexes() []ent.Index {
	return []ent.Index{index.Fields("job_id", "seq").Unique()}
}

// Policy of BulkJobChunk.
func (BulkJobChunk) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(),
		Mutation: rule.ByTheServerAlone(),
	}
}
