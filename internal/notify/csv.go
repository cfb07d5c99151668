package notify

import (
	"context"
	"io"
	"strconv"

	"homeroom/internal/csvfile"
)

// columns are those of every export, in its order. The file can be uploaded as
// it is, once the Classes/Groups are filled in: blank cells change nothing, and
// the last two columns are ignored.
var columns = []string{
	"Database ID", "Student ID", "First Name", "Last Name", "Username", "Password", "Grade", "School",
	"Classes/Groups", "Minutes", "Last Active",
}

// CSV writes the list of EachUnassigned as a file and returns how many students
// it holds. What is refused is refused before anything is written; after another
// error the file may be there in part.
func (s *Service) CSV(ctx context.Context, w io.Writer, organizationID int) (rows int, err error) {
	file := csvfile.NewWriter(w)
	if err := file.Write(columns); err != nil {
		return 0, err
	}
	err = s.EachUnassigned(ctx, organizationID, func(batch []Row) error {
		for _, r := range batch {
			if err := file.Write(r.cells()); err != nil {
				return err
			}
		}
		rows += len(batch)
		return nil
	})
	if err != nil {
		return rows, err
	}
	return rows, file.Flush()
}

// cells are the row's cells below columns; nobody can read a password, and the
// student is in no group.
func (r Row) cells() []string {
	lastActive := ""
	if r.LastActive != nil {
		lastActive = r.LastActive.String()
	}
	return []string{
		r.DatabaseID, r.StudentID, r.FirstName, r.LastName, r.Username, "", r.Grade, r.School,
		"", strconv.Itoa(r.Minutes), lastActive,
	}
}
