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

// BulkJobRefusedRow is a refused row exactly as it was in the file. It can be downloaded
// with the reasons, fixed and uploaded again, or corrected by itself. A corrected row
// stays here with its new cells as long as the job may need them.
type BulkJobRefusedRow struct{ ent.Schema }

// Mixin of BulkJobRefusedRow.
func (BulkJobRefusedRow) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of BulkJobRefusedRow.
func (BulkJobRefusedRow) Fields() []ent.Field {
	return []ent.Field{
		field.Int("job_id").Immutable(),
		field.Int("row").Immutable().Comment("Counts from 1 for the first line under the header."),
		field.Int("n").Default(0).Immutable().Comment("Counts the rows that are not blank, from 1."),
		field.Bytes("cells").Sensitive().SchemaType(map[string]string{dialect.MySQL: "mediumblob"}).
			Comment("The cells of the row without its password, as an encrypted JSON list; for a selection, " +
				"the key of the student."),
		field.Bytes("password").Optional().Sensitive().SchemaType(map[string]string{dialect.MySQL: "blob"}).
			Comment("The password, encrypted, until the job has ended."),
		field.Int("extra").Default(0).Immutable().Comment("How many cells are to the right of the last header."),
		field.Int8("had_password").Default(0).Comment("1 if the row has, or had, a password."),
		field.Int8("outside").Default(0).Immutable().
			Comment("1 if it names something outside of the school of the job. " +
				"The administrators of the school do not see it."),
		field.Int8("refused").Default(1).Comment("0 for a row that was corrected and is processed with the others."),
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
