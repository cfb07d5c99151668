package bulk

import (
	"database/sql"
	"errors"
)

// MustHitOne returns ErrLost if a conditional UPDATE changed no row.
func MustHitOne(result sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err != nil {
		return err
	}
	if n != 1 {
		return ErrLost
	}
	return nil
}

// ErrLost says that another server has taken the job over, or that the job is no longer in
// the state that was expected.
var ErrLost = errors.New("job: the job belongs to another server now")
