// Package schema defines the entities of the database, one a file: fields, edges, indexes
// and policy, in that order. Derived columns are updated by the transaction that changes
// what they are derived from.
package schema

import (
	"fmt"
	"time"

	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/mixin"
)

// Base is what every table has: a key, a creation time, and text that MySQL compares byte
// by byte, as SQLite does. A text that must be unique regardless of case has a second,
// folded column.
type Base struct{ mixin.Schema }

// Fields of Base.
func (Base) Fields() []ent.Field {
	return []ent.Field{
		field.Time("created_at").SchemaType(instant).Default(now).Immutable(),
	}
}

// Annotations of Base.
func (Base) Annotations() []schema.Annotation {
	return []schema.Annotation{
		entsql.Annotation{Charset: "utf8mb4", Collation: "utf8mb4_bin"},
	}
}

// instant is the column type of a point in time in UTC, to the microsecond. MySQL's
// TIMESTAMP ends in 2038 and has only whole seconds by default.
var instant = map[string]string{dialect.MySQL: "datetime(6)"}

// varchar is the column type of a text of at most size characters. The length is checked
// where the text comes in, with a message for people.
func varchar(size int) map[string]string {
	return map[string]string{dialect.MySQL: fmt.Sprintf("varchar(%d)", size)}
}

// flag describes a field that is 0 or 1. It is a number because ent writes "AND active"
// for a bool, which neither MariaDB nor SQLite can look up in an index.
const flag = "0 or 1"

func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
