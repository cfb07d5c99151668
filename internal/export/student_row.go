package export

import (
	"strconv"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// StudentColumns are those of every list of students, in its order. The file can
// be uploaded as it is: blank cells change nothing, and the last two columns are
// passed over.
var StudentColumns = roster.StudentFields.Names()

// StudentRow is one student of a list.
type StudentRow struct {
	*db.Student
	// DatabaseID is the student's id in the API.
	DatabaseID string
	School     string
	// Groups is the cell of the groups, as an import reads it.
	Groups string
	// Minutes are the whole minutes since the start of the school year.
	Minutes int
	// LastActive is the day of the last usage in the school's time zone; nil if it is not
	// known.
	LastActive *calendar.Day
}

// NewStudentRow returns the row of a student of a school, without groups.
func NewStudentRow(st *db.Student, school string, zone *time.Location) StudentRow {
	row := StudentRow{
		Student:    st,
		DatabaseID: globalid.Encode(globalid.Student, st.ID),
		School:     school,
		Minutes:    st.SecondsThisYear / 60,
	}
	if st.LastActiveAt != nil && zone != nil {
		day := calendar.DayOf(*st.LastActiveAt, zone)
		row.LastActive = &day
	}
	return row
}

// Cells are the row's cells below StudentColumns. Nobody can read a password.
func (r StudentRow) Cells() []string {
	others := map[string]string{
		field.ColDatabaseID: r.DatabaseID,
		field.ColSchool:     r.School,
		field.ColGroups:     r.Groups,
		field.ColMinutes:    strconv.Itoa(r.Minutes),
	}
	if r.LastActive != nil {
		others[field.ColLastActive] = r.LastActive.String()
	}
	return roster.StudentFields.Cells(r.Student, others)
}
