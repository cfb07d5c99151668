package student

import (
	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/job/row"
)

// keepStudent notes the values of columns of a student that are about to change.
func keepStudent(r *row.Planned, st *db.Student, set map[string]any) {
	r.Before.Set = map[string]any{}
	for column := range set {
		if column == student.FieldDeletedAt {
			r.Before.DeletedAt = st.DeletedAt
		} else {
			r.Before.Set[column] = valueOf(st, column)
		}
	}
}

// valueOf returns the value of a column that a plan can change.
func valueOf(st *db.Student, column string) any {
	switch column {
	case student.FieldOrganizationID:
		return st.OrganizationID
	case student.FieldExternalID:
		return st.ExternalID
	case student.FieldUsername:
		return st.Username
	case student.FieldUsernameKey:
		return st.UsernameKey
	case student.FieldFirstName:
		return st.FirstName
	case student.FieldLastName:
		return st.LastName
	case student.FieldSortName:
		return st.SortName
	case student.FieldGrade:
		return int(st.Grade)
	case student.FieldPasswordHash:
		return bulk.Nullable(st.PasswordHash)
	default:
		panic("job: a plan changes the column " + column + " of students, which an undo does not know")
	}
}
