package importer

import (
	"time"

	"homeroom/internal/database"
)

// env is what every kind of job needs of the server.
type env struct {
	db  *database.DB
	now func() time.Time
}

// instant is the present moment as the databases keep it.
func (e env) instant() time.Time { return database.Instant(e.now()) }

// locks reports whether reads take row locks. SQLite has none: its writing
// transaction is alone from its beginning.
func (e env) locks() bool { return e.db.RowLocks() }
