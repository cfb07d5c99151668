package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/rule"
)

// BulkJobMark shows the progress of a job whose single transaction is still open to the
// servers that are not working on it. The job's own row is locked at that time.
type BulkJobMark struct{ ent.Schema }

// Mixin of BulkJobMark.
func (BulkJobMark) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of BulkJobMark.
func (BulkJobMark) Fields() []ent.Field {
	return []ent.Field{
		field.Int("job_id").Unique().Immutable(),
		field.Int("rows").Default(0).Comment("How many rows of the file the written batches cover. It never decreases."),
	}
}

// Edges of BulkJobMark.
func (BulkJobMark) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("job", BulkJob.Type).Ref("mark").Field("job_id").Unique().Required().Immutable(),
	}
}

// Policy of BulkJobMark.
func (BulkJobMark) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(),
		Mutation: rule.ByTheServerAlone(),
	}
}
