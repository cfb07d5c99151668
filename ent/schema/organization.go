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
	"github.com/openhomeroom/homeroom/internal/calendar"
)

// Organization is a district, or a school inside one.
type Organization struct{ ent.Schema }

// Mixin of Organization.
func (Organization) Mixin() []ent.Mixin { return []ent.Mixin{Base{}} }

// Fields of Organization.
func (Organization) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("type").Values("DISTRICT", "SCHOOL").SchemaType(varchar(16)).Immutable(),
		field.Int("district_id").Optional().
			Comment("The district it belongs to; for a district, its own key. 0 only while a district is being created."),
		field.Int("parent_id").Optional().Nillable(),
		field.String("name").SchemaType(varchar(190)),
		field.String("name_key").SchemaType(varchar(190)).Comment("The folded name, for sorting and searching."),
		field.String("external_id").SchemaType(varchar(64)).Optional().Nillable(),
		field.Int32("school_year_starts_on").GoType(calendar.Day(0)).Optional().Nillable(),
		field.Int32("school_year_ends_on").GoType(calendar.Day(0)).Optional().Nillable(),
		field.Int("usage_goal_minutes").Optional().Nillable().
			Comment("Minutes a week for each student; inherited where unset."),
		field.String("time_zone").SchemaType(varchar(64)).Optional().Nillable().
			Comment("A name of the IANA database; inherited where unset."),
		field.Int("password_min_length").Optional().Nillable().Comment("Characters; inherited where unset."),
		field.Int8("password_required").Optional().Nillable().
			Comment("1 where a new student needs a password; inherited where unset."),
		field.Int("hold_deleted_percent").Optional().Nillable().
			Comment("A job that deletes a larger part of the students waits for a second administrator; inherited where unset."),
		field.Int("hold_changed_percent").Optional().Nillable().
			Comment("The same for a job that changes a larger part; inherited where unset."),
		field.Int("retention_days").Optional().Nillable().
			Comment("How long a deleted student is kept and can come back, and a job can be undone; inherited where unset."),
		field.Time("retention_changed_at").SchemaType(instant).Optional().Nillable().
			Comment("When retention_days was last changed. A shorter time does not take effect at once."),
		field.Int("job_days").Optional().Nillable().
			Comment("How long the rows of finished jobs are kept; inherited where unset."),
		field.JSON("pending_settings", json.RawMessage{}).Optional().
			Comment("Settings that become less strict and are not in effect yet; see internal/setting."),
		field.Enum("second_factor_required").Values("NONE", "ADMINISTRATORS", "ALL").SchemaType(varchar(16)).Optional().
			Nillable().Comment("Who needs a second factor to sign in; inherited where unset."),
		field.Int("erased_students").Default(0).
			Comment("Of a district: how many students have been erased, so that their sums are shown only where " +
				"nobody can be found in them."),
		field.Int32("usage_counted_from").GoType(calendar.Day(0)).Default(0).
			Comment("The day from which the usage sums of its students are counted at this moment."),
	}
}

// Edges of Organization.
func (Organization) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("children", Organization.Type).Annotations(entsql.OnDelete(entsql.Restrict)).
			From("parent").Field("parent_id").Unique(),
	}
}

// Indexes of Organization.
func (Organization) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("district_id", "external_id").Unique(),
		index.Fields("district_id", "name_key"),
	}
}

// Policy of Organization.
func (Organization) Policy() ent.Policy {
	return privacy.Policy{
		Query:    rule.QueryAlsoByKeys(rule.KeysReadTheirOrganization(), rule.LimitOrganizationsToPurview()),
		Mutation: rule.Mutation(rule.DistrictAdministratorsChangeSchools()),
	}
}
