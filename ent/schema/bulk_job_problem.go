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

// BulkJobProblem is one thing in a file that is wrong, or odd.
type BulkJobProblem struct{ ent.Schema }

// Mixin of BulkJobProblem.
func (BulkJobProblem) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of BulkJobProblem.
func (BulkJobProblem) Fields() []ent.Field {
	return []ent.Field{
		field.Int("job_id").Immutable(),
		field.Int("row").Immutable().Comment("Counts from 1 for the first line under the header; 0 for the file as a whole."),
		field.String("column").SchemaType(varchar(255)).Default("").Immutable().
			Comment("The header as it is in the file, or empty."),
		field.Enum("severity").SchemaType(varchar(16)).Values("ERROR", "WARNING").Immutable(),
		field.String("code").SchemaType(varchar(64)).Immutable(),
		field.Bytes("sealed").Optional().Sensitive().SchemaType(map[string]string{dialect.MySQL: "blob"}).
			Comment("Value, message and hint, encrypted. If the cells of a row have slipped, each of " +
				"them may contain a password."),
		field.String("value").SchemaType(varchar(255)).Default("").Immutable().
			Comment("The cell, shortened; empty if it is in sealed."),
		field.String("message").SchemaType(varchar(1000)).Immutable(),
		field.String("hint").SchemaType(varchar(1000)).Default("").Immutable(),
		field.String("cause").SchemaType(varchar(32)).Default("").Immutable().
			Comment("A keyed digest of the value, which does not reveal it; empty without a value. Problems of a job " +
				"that have the same value have the same digest."),
		field.Int8("outside").Default(0).Immutable().
			Comment("1 if it names something outside of the school of the job. " +
				"The administrators of the school do not see it."),
		field.JSON("candidates", []int{}).Optional().Immutable().
			Comment("Keys of students in the submitter's purview whom the row may mean."),
	}
}

// Edges of BulkJobProblem.
func (BulkJobProblem) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("job", BulkJob.Type).Ref("problems").Field("job_id").Unique().Required().Immutable(),
	}
}

// Indexes of BulkJobProblem.
func (BulkJobProblem) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("job_id", "row"),
		index.Fields("job_id", "severity", "row"),
		index.Fields("job_id", "severity", "code", "column", "cause", "row", "outside"), // counts the problems by cause
	}
}

// Policy of BulkJobProblem.
func (BulkJobProblem) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.QueryAlsoByKeys(rule.KeysReadTheirJobProblems(), rule.LimitJobProblemsToPurview()),
		Mutation: rule.ByTheServerAlone(),
	}
}
