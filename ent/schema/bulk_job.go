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
			Immutable().Comment("What happens to students on record who are not in the file."),
		field.Enum("leavers").SchemaType(varchar(16)).Values("IGNORE", "LEAVE_GROUPS", "DELETE").Default("IGNORE").
			Immutable().Comment("What happens to students whose row says that they have left."),
		field.Bool("create_missing_groups").Default(false).Immutable().
			Comment("Whether groups that rows of students name and nobody has are created."),
		field.JSON("new_groups", json.RawMessage{}).Optional().
			Comment("These groups; see internal/job/newgroup."),
		field.String("file_name").SchemaType(varchar(255)).Default(""),
		field.String("idempotency_key").SchemaType(varchar(128)).Optional().Nillable().Immutable(),
		field.String("content_print").SchemaType(varchar(64)).Default("").
			Comment("A keyed digest of the file, if it came with an idempotency key."),
		field.Text("schools").Optional().
			Comment("The schools of a selection of students from several, as |3||17|. A submitter who has no role at one of " +
				"them does not see the job."),
		field.JSON("edit", json.RawMessage{}).Optional().
			Comment("What EDIT_STUDENTS changes; the selection is stored as the job's file."),

		field.String("encoding").SchemaType(varchar(32)).Default(""),
		field.String("delimiter").SchemaType(varchar(16)).Default(""),
		field.String("line_ending").SchemaType(varchar(16)).Default(""),
		field.JSON("headers", []string{}).Optional(),
		field.JSON("ignored_headers", []string{}).Optional(),
		field.String("header_print").SchemaType(varchar(64)).Default("").
			Comment("A digest of the headers. Later files with the same headers are recognized by it."),
		field.JSON("choices", json.RawMessage{}).Optional().
			Comment("Which headers somebody chose to read as which columns; see internal/job/columns."),

		field.Int("total_rows").Default(0),
		field.Int("missing_rows").Default(0).
			Comment("How many of total_rows follow those of the file: students who are not in it."),
		field.Int("seen_to").Default(0).
			Comment("The newest student when the check ended; 0 if nobody knows who is in the file."),
		field.Int("verified_rows").Default(0),
		field.Int("processed_rows").Default(0).Comment("How many rows of the file the applied batches cover."),
		field.Int("created").Default(0),
		field.Int("updated").Default(0),
		field.Int("unchanged").Default(0),
		field.Int("deleted").Default(0),
		field.Int("enrollments_added").Default(0),
		field.Int("enrollments_removed").Default(0),
		field.Int("warnings").Default(0),
		field.Int("errors").Default(0),

		field.Int("passwords").Default(0).Comment("How many rows set a password."),
		field.Int("hashed_passwords").Default(0).Comment("How many of these passwords have been hashed."),

		field.Int("held_by_rule").Default(0).Comment("The percentage that put the job on hold; 0 if none did."),
		field.Int("started_by").Optional().Nillable().
			Comment("Who started the job, which does only what this person may do too. NULL if the server started it."),
		field.Int("approved_by").Optional().Nillable().Comment("The second administrator, who approved the held job."),
		field.Enum("held_for").SchemaType(varchar(16)).Values("START", "UNDO").Optional().Nillable().
			Comment("What a HELD job waits for."),
		field.Time("held_at").SchemaType(instant).Optional().Nillable().
			Comment("When the undo began to wait. The account of the approver is older."),
		field.String("undo_from").SchemaType(varchar(32)).Default("").
			Comment("The status to return to if nobody approves the undo."),
		field.Int("undo_approved_by").Optional().Nillable().Comment("The second administrator, who approved the held undo."),
		field.JSON("corrected_by", []int{}).Optional().
			Comment("Who has corrected rows of the job. None of them can be the second administrator."),
		field.Int8("corrected_while_held").Default(0).
			Comment("1 if a row was corrected while the job was on hold. An approval then names the version that was seen."),
		field.Int("undone_rows").Default(0).Comment("How many rows have their previous values back."),
		field.Int("kept_rows").Default(0).
			Comment("How many rows the undo left as they are, because somebody has changed them since."),
		field.Int8("forgotten").Default(0).
			Comment("What has been removed: 0 nothing, 1 what an undo needs, 2 the rows too, so that only counts are left."),
		field.Int("undone_by").Optional().Nillable().
			Comment("Who asked for the undo, which acts with the roles of this person."),

		field.String("key_print").SchemaType(varchar(32)).Default("").Immutable().
			Comment("A fingerprint of the secret key that encrypts the file and the passwords. " +
				"Only servers with this key claim the job."),

		// The lease: one server works on a job at a time. A server that has lost the job
		// finds another fence in the row when it wants to write.
		field.String("lease_owner").SchemaType(varchar(64)).Default(""),
		field.Time("lease_until").SchemaType(instant).Optional().Nillable(),
		field.Int("fence").Default(0),

		field.Int("abandoned").Default(0).
			Comment("How often a server began to work on the job and disappeared."),
		field.Int8("slow").Default(0).
			Comment("1 if the check of a small file took so long that the file counts as a large one."),
		field.Int64("file_bytes").Default(0).
			Comment("The size of the stored file, or the announced size while it arrives. It counts towards the quotas."),

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
