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

// BulkJobRow is what one row of a file will change: the plan that the preview shows and
// the start carries out. A row that changes nothing has none.
type BulkJobRow struct{ ent.Schema }

// Mixin of BulkJobRow.
func (BulkJobRow) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of BulkJobRow.
func (BulkJobRow) Fields() []ent.Field {
	return []ent.Field{
		field.Int("job_id").Immutable(),
		field.Int("row").Immutable().Comment("Counts from 1 for the first line under the header."),
		field.Int("target_id").Default(0).Comment("The key of what the row changes; 0 until it is created."),
		field.Int("target_version").Default(0).Immutable().Comment("The version that the preview was made from."),
		field.String("label").SchemaType(varchar(255)).Immutable(),
		field.Bytes("plan").Sensitive().SchemaType(map[string]string{dialect.MySQL: "mediumblob"}).
			Comment("JSON. A password in it is encrypted, and removed once the row is applied."),
		field.Int("change_count").Immutable().Comment("How many fields change."),
		field.Bytes("before").Optional().Sensitive().SchemaType(map[string]string{dialect.MySQL: "mediumblob"}).
			Comment("JSON, for the undo: what the row replaced when it was applied, with the hash of a password. " +
				"NULL if a student was created exactly as planned."),
		field.Int("applied_version").Default(0).
			Comment("The version of the target after the row was applied. Another one means that somebody has changed it."),
		field.Int8("outside").Default(0).Immutable().
			Comment("1 if it names something outside of the school of the job. " +
				"The administrators of the school do not see it."),
		field.Int8("loses").Default(-1).
			Comment("What applying the row loses: 0 nothing, 1 something changes, 2 a student goes to another school, " +
				"3 something is deleted; -1 if it was not noted."),
		field.Int8("undo_loses").Default(-1).Comment("The same for the undo of the row."),
		field.Int8("state").Default(0).Comment("0 planned, 1 applied, 2 refused, 3 undone, 4 kept by the undo."),
	}
}

// Edges of BulkJobRow.
func (BulkJobRow) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("job", BulkJob.Type).Ref("rows").Field("job_id").Unique().Required().Immutable(),
	}
}

// Indexes of BulkJobRow.
func (BulkJobRow) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("job_id", "row").Unique(),
		index.Fields("target_id"), // finds what jobs hold about one student, for records and erasures
	}
}

// Policy of BulkJobRow.
func (BulkJobRow) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.QueryAlsoByKeys(rule.KeysReadTheirJobRows(), rule.LimitJobRowsToPurview()),
		Mutation: rule.ByTheServerAlone(),
	}
}
