package export

import (
	"strconv"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/globalid"
)

// StudentColumns are those of every list of students, in its order. The file can
// be uploaded as it is: blank cells change nothing, and the last two columns are
// passed over.
var StudentColumns = []string{
	"Database ID", "Student ID", "First Name", "Last Name", "Username", "Password", "Grade", "School",
	"Classes/Groups", "Minutes", "Last Active",
}

// StudentRow is one student of a list.
type StudentRow struct {
	// DatabaseID is the student's id in the API.
	DatabaseID string
	// StudentID is the district's own id.
	StudentID string
	FirstName string
	LastName  string
	Username  string
	Grade     string
	School    string
	// Groups is the cell of the groups, as an import reads it.
	Groups string
	// Minutes are the whole minutes since the start of the school year.
	Minutes int
	// LastActive is the day of the last usage in the school's time zone, or nil
	// where it is not known.
	LastActive *calendar.Day
}

// NewStudentRow returns the row of a student of a school, without groups.
func NewStudentRow(st *db.Student, school string, zone *time.Location) StudentRow {
	row := StudentRow{
		DatabaseID: globalid.Encode(globalid.Student, st.ID),
		StudentID:  st.ExternalID,
		FirstName:  st.FirstName,
		LastName:   st.LastName,
		Username:   st.Username,
		Grade:      st.Grade.String(),
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
	lastActive := ""
	if r.LastActive != nil {
		lastActive = r.LastActive.String()
	}
	return []string{
		r.DatabaseID, r.StudentID, r.FirstName, r.LastName, r.Username, "", r.Grade, r.School,
		r.Groups, strconv.Itoa(r.Minutes), lastActive,
	}
}
