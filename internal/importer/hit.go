package importer

import (
	"database/sql"
	"errors"
)

// mustHitOne returns errLost where a conditional UPDATE met no row.
func mustHitOne(result sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err != nil {
		return err
	}
	if n != 1 {
		return errLost
	}
	return nil
}

// errLost is returned where another server has taken the job over, or the job
// has left the state that was worked on.
var errLost = errors.New("importer: the job belongs to another server now")
