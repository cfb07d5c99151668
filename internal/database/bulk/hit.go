package bulk

import (
	"database/sql"
	"errors"
)

// MustHitOne returns errLost where a conditional UPDATE met no row.
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

// ErrLost is returned where another server has taken the job over, or the job
// has left the state that was worked on.
var ErrLost = errors.New("job: the job belongs to another server now")
