package database_test

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/openhomeroom/homeroom/internal/database"
)

func TestTroubleOf(t *testing.T) {
	t.Parallel()
	for trouble, numbers := range map[database.Trouble][]uint16{
		database.None:        {1048, 1062, 1264, 1366, 1406, 1451, 1452, 1644, 3819, 4025},
		database.Unreachable: {1040, 1045, 1047, 1053, 1927},
		database.ReadOnly:    {1290, 1792, 1836, 1036},
		database.Full:        {1021, 1114, 3675},
		database.Busy:        {1205, 1213, 1180, 3101, 1020},
		database.TooLarge:    {1197, 3100},
		database.Slow:        {1969, 3024},
		database.Broken:      {1030},
		database.Unknown:     {1064, 54321},
	} {
		for _, n := range numbers {
			err := fmt.Errorf("a batch: %w", &mysql.MySQLError{Number: n, Message: "refused"})
			if got := database.TroubleOf(err); got != trouble {
				t.Errorf("%d is %q, want %q", n, got, trouble)
			}
		}
	}
	for err, want := range map[error]database.Trouble{
		nil:                                 database.None,
		errors.New("a plan cannot be read"): database.None,
		io.EOF:                              database.None,
		io.ErrUnexpectedEOF:                 database.None,
		driver.ErrBadConn:                   database.Unreachable,
		mysql.ErrInvalidConn:                database.Unreachable,
		&mysql.MySQLError{Number: 1180, Message: "Got error 90 \"Message too long\" during COMMIT"}: database.TooLarge,
		&mysql.MySQLError{Number: 1105, Message: "Maximum writeset size exceeded by 1"}:             database.TooLarge,
	} {
		if got := database.TroubleOf(err); got != want {
			t.Errorf("%v is %q, want %q", err, got, want)
		}
	}
}
