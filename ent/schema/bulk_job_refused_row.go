package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"homeroom/ent/db/privacy"
	"homeroom/ent/rule"
)

// BulkJobRefusedRow is a refused row as it stood in the file, so that it can be
// given back with the reasons, mended, and sent again. It is encrypted, because a
// row may hold a password.
type BulkJobRefusedRow struct{ ent.Schema }

// Mixin of BulkJobRefusedRow.
func (BulkJobRefusedRow) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of BulkJobRefusedRow.
func (BulkJobRefusedRow) Fields() []ent.Field {
	return []ent.Field{
		field.Int("job_id").Immutable(),
		field.Int("row").Immutable().Comment("Counts from 1 for the first line under the header."),
		field.Bytes("cells").Immutable().Sensitive().SchemaType(map[string]string{dialect.MySQL: "mediumblob"}).Comment("The cells of the row as a JSON list, encrypted."),
	}
}

// Edges of BulkJobRefusedRow.
func (BulkJobRefusedRow) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("job", BulkJob.Type).Ref("refused_rows").Field("job_id").Unique().Required().Immutable(),
	}
}

// Indexes of BulkJobRefusedRow.
func (BulkJobRefusedRow) Indexes() []ent.Index {
	return []ent.Index{index.Fields("job_id", "row").Unique()}
}

// Policy of BulkJobRefusedRow.
func (BulkJobRefusedRow) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(),
		Mutation: rule.ByTheServerAlone(),
	}
}
