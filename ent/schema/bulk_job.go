package schema

import (
	"encoding/json"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/rule"
)

// BulkJob is one import, bulk edit or bulk deletion, from its submission to its end.
type BulkJob struct{ ent.Schema }

// Mixin of BulkJob.
func (BulkJob) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of BulkJob.
func (BulkJob) Fields() []ent.Field {
	return []ent.Field{
		field.Int("district_id").Immutable(),
		field.Int("organization_id").Immutable(),
		field.Int("submitted_by").Immutable(),
		field.Enum("kind").SchemaType(varchar(32)).Immutable().
			Values("IMPORT_ORGANIZATIONS", "IMPORT_EDUCATORS", "IMPORT_GROUPS", "IMPORT_STUDENTS", "IMPORT_ENROLLMENTS",
				"EDIT_STUDENTS", "DELETE_STUDENTS"),
		field.Enum("status").SchemaType(varchar(32)).
			Values("VERIFYING", "READY", "HELD", "PROCESSING", "COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "CANCELED",
				"UNDOING", "UNDONE", "PARTIALLY_UNDONE").Default("VERIFYING"),
		field.Enum("groups_mode").SchemaType(varchar(16)).Values("ADD", "REPLACE", "REMOVE").Default("ADD").Immutable(),
		field.Enum("commit_mode").SchemaType(varchar(16)).Values("VALID_ROWS", "ALL_OR_NOTHING").
			Default("VALID_ROWS").Immutable(),
		field.Enum("missing").SchemaType(varchar(16)).Values("IGNORE", "LEAVE_GROUPS", "DELETE").Default("IGNORE").
			Immutable().Comment("What happens to students who are on record and not in the file."),
		field.Enum("leavers").SchemaType(varchar(16)).Values("IGNORE", "LEAVE_GROUPS", "DELETE").Default("IGNORE").
			Immutable().Comment("What happens to students whose row says that they have left."),
		field.String("file_name").SchemaType(varchar(255)).Default(""),
		field.String("idempotency_key").SchemaType(varchar(128)).Optional().Nillable().Immutable(),
		field.String("content_print").SchemaType(varchar(64)).Default("").
			Comment("A keyed digest of the file, where an idempotency key was given with it."),
		field.Text("schools").Optional().
			Comment("The schools of the students of a selection from several, as |3||17|: a submitter without a role at all " +
				"of them does not see the job."),
		field.JSON("edit", json.RawMessage{}).Optional().
			Comment("What EDIT_STUDENTS changes; the selection is stored as the job's file."),

		field.String("encoding").SchemaType(varchar(32)).Default(""),
		field.String("delimiter").SchemaType(varchar(16)).Default(""),
		field.String("line_ending").SchemaType(varchar(16)).Default(""),
		field.JSON("headers", []string{}).Optional(),
		field.JSON("ignored_headers", []string{}).Optional(),
		field.String("header_print").SchemaType(varchar(64)).Default("").
			Comment("A digest of the headers, by which later files with the same ones are recognized."),
		field.JSON("choices", json.RawMessage{}).Optional().
			Comment("As which columns somebody has said that headers are read; see internal/job/columns."),

		field.Int("total_rows").Default(0),
		field.Int("missing_rows").Default(0).
			Comment("How many of total_rows stand behind the file: students who are not in it."),
		field.Int("seen_to").Default(0).
			Comment("The last student there was when the check ended; 0 if it is not known who is in the file."),
		field.Int("verified_rows").Default(0),
		field.Int("processed_rows").Default(0).Comment("Rows of the file behind the last applied batch."),
		field.Int("created").Default(0),
		field.Int("updated").Default(0),
		field.Int("unchanged").Default(0),
		field.Int("deleted").Default(0),
		field.Int("enrollments_added").Default(0),
		field.Int("enrollments_removed").Default(0),
		field.Int("warnings").Default(0),
		field.Int("errors").Default(0),

		field.Int("passwords").Default(0).Comment("Rows that set a password."),
		field.Int("hashed_passwords").Default(0).Comment("Of these, those whose passwords have been hashed."),

		field.Int("held_by_rule").Default(0).Comment("The percentage that put the job on hold; 0 where none did."),
		field.Int("started_by").Optional().Nillable().
			Comment("Who started the job, which does only what that person may do as well; NULL where the server itself did."),
		field.Int("approved_by").Optional().Nillable().Comment("The second administrator, who let a held job go on."),
		field.Enum("held_for").SchemaType(varchar(16)).Values("START", "UNDO").Optional().Nillable().
			Comment("What a job waits for while it is HELD."),
		field.Time("held_at").SchemaType(instant).Optional().Nillable().
			Comment("Since when the undo waits; whoever approves it was there before."),
		field.String("undo_from").SchemaType(varchar(32)).Default("").
			Comment("The status that a job goes back to when nobody approves its undo."),
		field.Int("undo_approved_by").Optional().Nillable().Comment("The second administrator, who let a held undo go on."),
		field.JSON("corrected_by", []int{}).Optional().
			Comment("Who has corrected rows of the job; none of them is a second administrator."),
		field.Int8("corrected_while_held").Default(0).
			Comment("1 where a row has been corrected since the job was put on hold; " +
				"it is approved by the version that was looked at."),
		field.Int("undone_rows").Default(0).Comment("Rows whose previous values were put back."),
		field.Int("kept_rows").Default(0).Comment("Rows that the undo left, because somebody had changed them since."),
		field.Int8("forgotten").Default(0).
			Comment("0 nothing yet, 1 what an undo would need, 2 the rows as well; only the counts are left then."),
		field.Int("undone_by").Optional().Nillable().Comment("Who asked for the undo, which acts with that person's roles."),

		field.String("key_print").SchemaType(varchar(32)).Default("").Immutable().
			Comment("A fingerprint of the secret key that the file and the passwords are encrypted with; " +
				"only servers with that key claim the job."),

		// The lease: one server works on a job at a time. A server that has lost the job
		// finds another fence in the row when it wants to write.
		field.String("lease_owner").SchemaType(varchar(64)).Default(""),
		field.Time("lease_until").SchemaType(instant).Optional().Nillable(),
		field.Int("fence").Default(0),

		field.Int("abandoned").Default(0).
			Comment("How often a server has begun to work on the job and was not heard of again."),
		field.Int8("slow").Default(0).
			Comment("1 where the check of a small file has taken longer than it may beside others; " +
				"from then on it counts as that of a large one."),
		field.Int64("file_bytes").Default(0).
			Comment("The size of the stored file, or what was said of it while it arrives; it counts towards the quotas."),

		field.Time("started_at").SchemaType(instant).Optional().Nillable(),
		field.Time("finished_at").SchemaType(instant).Optional().Nillable(),
	}
}

// Edges of BulkJob.
func (BulkJob) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable().
			Annotations(entsql.OnDelete(entsql.Restrict)),
		edge.To("submitter", Educator.Type).Field("submitted_by").Unique().Required().Immutable().
			Annotations(entsql.OnDelete(entsql.Restrict)),
		edge.To("chunks", BulkJobChunk.Type).Annotations(entsql.OnDelete(entsql.Restrict)),
		edge.To("rows", BulkJobRow.Type).Annotations(entsql.OnDelete(entsql.Restrict)),
		edge.To("refused_rows", BulkJobRefusedRow.Type).Annotations(entsql.OnDelete(entsql.Restrict)),
		edge.To("seen", BulkJobSeen.Type).Annotations(entsql.OnDelete(entsql.Restrict)),
		edge.To("mark", BulkJobMark.Type).Unique().Annotations(entsql.OnDelete(entsql.Restrict)),
		edge.To("problems", BulkJobProblem.Type).Annotations(entsql.OnDelete(entsql.Restrict)),
	}
}

// Indexes of BulkJob.
func (BulkJob) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("submitted_by", "idempotency_key").Unique(),
		index.Fields("district_id"),
		index.Fields("district_id", "created_at"),
		index.Fields("organization_id"),
		index.Fields("status"),
	}
}

// Policy of BulkJob.
func (BulkJob) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.QueryAlsoByKeys(rule.KeysReadTheirJobs(), rule.LimitJobsToPurview()),
		Mutation: rule.MutationAlsoByKeys(rule.KeysSubmitJobs(), rule.EducatorsSubmitJobs()),
	}
}
