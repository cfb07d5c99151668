package notify

import (
	"context"
	"io"

	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/export"
)

// CSV writes the list of EachUnassigned as a file and returns the number of students. It
// refuses before it writes anything; after any other error a part of the file may have
// been written.
func (s *Service) CSV(ctx context.Context, w io.Writer, organizationID int) (rows int, err error) {
	file := csvfile.NewWriter(w)
	if err := file.Write(export.StudentColumns); err != nil {
		return 0, err
	}
	err = s.EachUnassigned(ctx, organizationID, func(batch []Row) error {
		for _, r := range batch {
			if err := file.Write(r.Cells()); err != nil {
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
