package rule_test

import (
	"maps"
	"reflect"
	"strings"

	"entgo.io/ent/dialect/sql/schema"

	"github.com/openhomeroom/homeroom/ent/db/migrate"
	"github.com/openhomeroom/homeroom/ent/db/servicekey"
	"github.com/openhomeroom/homeroom/internal/fixture"
)

// candidates are rows that somebody might create: at every organization, with the right
// and the wrong district, in their own name and in another one.
func (b bench) candidates(name string, c caller) (rows []row) {
	organizations, educators := b.tables["organizations"], b.tables["educators"]
	anyOf := func(table string) int { return b.tables[table][b.rnd.IntN(len(b.tables[table]))].id("id") }
	districts := []int{b.Alpha.ID, b.Beta.ID}
	switch name {
	case "Educator":
		for _, d := range districts {
			rows = append(rows, row{"district_id": d})
		}
	case "Organization":
		for _, d := range districts {
			in := row{"district_id": d, "parent_id": d}
			rows = append(rows, in.with("type", "SCHOOL"), in.with("type", "DISTRICT"),
				in.with("type", "SCHOOL").with("parent_id", anyOf("organizations")))
		}
	case "Enrollment":
		for range 12 {
			rows = append(rows, row{"student_id": anyOf("students"), "group_id": anyOf("groups")})
		}
	case "GroupEducator":
		for range 12 {
			rows = append(rows, row{"educator_id": anyOf("educators"), "group_id": anyOf("groups")})
		}
	default:
		for _, o := range organizations {
			for _, d := range districts {
				at := row{"organization_id": o.id("id"), "district_id": d}
				switch name {
				case "RoleAssignment":
					rows = append(rows, at.with("educator_id", anyOf("educators")), at.with("educator_id", anyOf("educators")))
				case "BulkJob":
					submitters := []int{c.viewer.SubmitterID(), educators[b.rnd.IntN(len(educators))].id("id")}
					for _, kind := range []string{"IMPORT_STUDENTS", "IMPORT_GROUPS", "IMPORT_EDUCATORS", "EDIT_STUDENTS",
						"DELETE_STUDENTS"} {
						rows = append(rows, at.with("kind", kind).with("submitted_by", submitters[b.rnd.IntN(4)/3]))
					}
				case "ServiceKey":
					own := at.with("created_by", c.viewer.SubmitterID())
					rows = append(rows, own, at.with("created_by", anyOf("educators")), own.with("agent_id", anyOf("educators")))
					for _, e := range educators {
						if e.id("service") == 1 {
							rows = append(rows, own.with("agent_id", e.id("id")))
						}
					}
				default:
					rows = append(rows, at)
				}
			}
		}
	}
	return rows
}

// with returns a copy of the row with another value in a column.
func (r row) with(column string, value any) row {
	other := maps.Clone(r)
	other[column] = value
	return other
}

// builder is a Create of an entity with the columns of a row, and something in every
// other column that it cannot do without.
func (b bench) builder(name string, r row) reflect.Value {
	builder := call(b.entities[name], "Create")
	for _, column := range columnsOf(policies()[name].table) {
		method, ok := methodFor(builder.Type(), "Set", column.Name)
		if !ok || column.Name == "created_at" {
			continue
		}
		given, there := r[column.Name]
		if !there && (column.Nullable || column.Default != nil) {
			continue
		}
		value := reflect.New(method.Type.In(1)).Elem()
		switch {
		case there:
			value = reflect.ValueOf(given).Convert(value.Type())
		case column.Name == servicekey.FieldExpiresAt:
			value = reflect.ValueOf(fixture.Today)
		case value.Kind() == reflect.String:
			value.SetString(sample(policies()[name].table, column.Name))
		}
		builder.MethodByName(method.Name).Call([]reflect.Value{value})
	}
	return builder
}

// sample is a text that a column may hold.
func sample(table, column string) string {
	for _, c := range columnsOf(table) {
		if c.Name == column && len(c.Enums) > 0 {
			return c.Enums[0]
		}
	}
	return "something"
}

// methodFor is the method of a builder that does something with a column or an edge,
// such as SetFirstName for Set and first_name.
func methodFor(builder reflect.Type, verb, column string) (reflect.Method, bool) {
	name := verb
	for part := range strings.SplitSeq(column, "_") {
		if part == "id" {
			name += "ID"
		} else {
			name += strings.ToUpper(part[:1]) + part[1:]
		}
	}
	return builder.MethodByName(name)
}

// columnsOf are the columns of a table as ent generates it, but for the key.
func columnsOf(table string) []*schema.Column {
	for _, t := range migrate.Tables {
		if t.Name == table {
			return t.Columns[1:]
		}
	}
	return nil
}
