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

// StudentColumns are the columns of every list of students, in order. The file can be
// uploaded unchanged: blank cells change nothing, and the last two columns are ignored.
var StudentColumns = roster.StudentFields.Names()

// StudentRow is one student of a list.
type StudentRow struct {
	*db.Student
	// DatabaseID is the student's id in the API.
	DatabaseID string
	School     string
	// Groups is the cell with the groups, as an import reads it.
	Groups string
	// Minutes is the number of whole minutes since the start of the school year.
	Minutes int
	// LastActive is the day of the last usage in the school's time zone; it is nil if that
	// is unknown.
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

// Cells returns the cells of the row, for StudentColumns. Nobody can read a password.
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
