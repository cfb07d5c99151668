package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/rule"
	"github.com/openhomeroom/homeroom/internal/grade"
)

// Student belongs to one school and to any number of its groups.
type Student struct{ ent.Schema }

// Mixin of Student.
func (Student) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of Student.
func (Student) Fields() []ent.Field {
	return []ent.Field{
		field.Int("district_id").Immutable(),
		field.Int("organization_id"),
		field.String("external_id").SchemaType(varchar(64)),
		field.String("username").SchemaType(varchar(100)),
		field.String("username_key").SchemaType(varchar(190)).Comment("The folded username. It is unique in the district."),
		field.String("first_name").SchemaType(varchar(100)),
		field.String("last_name").SchemaType(varchar(100)),
		field.String("sort_name").SchemaType(varchar(190)),
		field.Int8("grade").GoType(grade.Grade(0)),
		field.String("password_hash").SchemaType(varchar(255)).Optional().Sensitive(),
		field.Int8("synced").Default(0).Comment(flag),

		// The transaction that changes what these columns count also updates them. So lists
		// and notices read an index instead of counting enrollments and usage. The doctor
		// command recomputes all of them.
		field.Int("group_count").Default(0).Comment("How many enrollments the student has."),
		field.Int8("ungrouped").Default(1).
			Comment("1 if group_count is 0. It is a column of its own, so that index entries move only when it changes."),
		field.Int("seconds_this_year").Default(0).Comment("Seconds of usage since the first day of the school year."),
		field.Int8("active").Default(0).Comment("1 if seconds_this_year is at least 60."),
		field.Time("last_active_at").SchemaType(instant).Optional().Nillable(),

		field.Time("deleted_at").SchemaType(instant).Optional().Nillable().
			Comment("Set if the student is deleted. The identifiers stay reserved."),
		field.Time("returned_at").SchemaType(instant).Optional().Nillable().
			Comment("When the student was last brought back after a deletion; see internal/hold."),
		field.Time("gone_at").SchemaType(instant).Optional().Nillable().
			Comment("When the student was deleted, before the return at returned_at."),
		field.Time("moved_at").SchemaType(instant).Optional().Nillable().
			Comment("When the student last came from another school; see internal/hold."),
		field.Int("version").Default(1).Comment("Increases with each change that makes a preview stale."),
	}
}

// Edges of Student.
func (Student) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().
			Annotations(entsql.OnDelete(entsql.Restrict)),
		edge.To("enrollments", Enrollment.Type).Annotations(entsql.OnDelete(entsql.Restrict)),
		edge.To("usage", UsageDay.Type).Annotations(entsql.OnDelete(entsql.Restrict)),
		edge.To("search_words", StudentWord.Type).Annotations(entsql.OnDelete(entsql.Restrict)),
	}
}

// Indexes of Student. Every list and count starts at a district or a school. The notice
// counts a range of (…, ungrouped, active, deleted_at) without reading a student;
// sort_name at the end lets a page of these students be read in order. The list of all
// unassigned students reads (…, ungrouped, deleted_at, sort_name).
func (Student) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("district_id", "external_id").Unique(),
		index.Fields("district_id", "username_key").Unique(),
		index.Fields("district_id", "deleted_at", "sort_name"),
		index.Fields("district_id", "ungrouped", "deleted_at", "sort_name"),
		index.Fields("district_id", "ungrouped", "active", "deleted_at", "sort_name"),
		index.Fields("organization_id", "deleted_at", "sort_name"),
		index.Fields("organization_id", "ungrouped", "active", "deleted_at"),
	}
}

// Policy of Student.
func (Student) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.Query(rule.LimitStudentsToPurview()),
		Mutation: rule.Mutation(rule.EducatorsChangeTheirStudents()),
	}
}
