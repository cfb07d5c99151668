package schema

import (
	"encoding/json"

	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/rule"
)

// Erasure is the requested erasure of one student, up to its certificate; see
// internal/privacy. It never says who the student was.
type Erasure struct{ ent.Schema }

// Mixin of Erasure.
func (Erasure) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of Erasure.
func (Erasure) Fields() []ent.Field {
	return []ent.Field{
		field.Int("district_id").Immutable(),
		field.Int("organization_id").Immutable().Comment("The school of the student at the moment of the request."),
		field.Int("student_id").Immutable().Comment("The key of a student who may be gone."),
		field.String("reference").SchemaType(varchar(200)).Immutable(),
		field.JSON("actor", json.RawMessage{}).Immutable().Comment("Who asked, in the form of the audit trail."),
		field.String("requested_by").SchemaType(varchar(1000)).Immutable().
			Comment("The same in the words of the certificate."),
		field.Int("enrollments").Default(0).Immutable().Comment("How many enrollments the request has ended."),
		field.Enum("state").SchemaType(varchar(16)).Values("REQUESTED", "RUNNING", "DONE").Default("REQUESTED"),

		// The progress of the walk through the jobs of the district. Erasures that started
		// together have the same values.
		field.Int("jobs_total").Default(0),
		field.Int("jobs_done").Default(0),
		field.Int("at_job").Default(0).Comment("The job that is being searched, or the last one that was."),
		field.Int("at_step").Default(0),
		field.Int("at_row").Default(0).Comment("The last row of the step that was searched."),
		field.Int("through_job").Default(0).
			Comment("The last job to search, decided when the search began; 0 before that."),
		field.JSON("again", []int{}).Optional().Comment("Jobs that were running when they were searched."),

		field.JSON("certificate", json.RawMessage{}).Optional(),
		field.Time("finished_at").SchemaType(instant).Optional().Nillable(),
	}
}

// Indexes of Erasure.
func (Erasure) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("state"),
		index.Fields("student_id"),
	}
}

// Policy of Erasure.
func (Erasure) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(),
		Mutation: rule.ByTheServerAlone(),
	}
}
