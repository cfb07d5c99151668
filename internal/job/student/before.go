package student

import (
	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// keepStudent notes the values of columns of a student that are about to change.
func keepStudent(r *row.Planned, st *db.Student, set map[string]any) {
	r.Before.Set = map[string]any{}
	for column := range set {
		if column != student.FieldDeletedAt {
			r.Before.Set[column] = valueOf(st, column)
		}
	}
}

// valueOf returns the value of a column that a plan can change.
func valueOf(st *db.Student, column string) any {
	f := roster.StudentFields.By(column)
	if f == nil {
		panic("job: a plan changes the column " + column + " of students, which is not in the table of fields")
	}
	return f.Value(st)
}
