package row

import (
	"time"

	"github.com/openhomeroom/homeroom/internal/database"
)

// Env is what every kind of job needs of the server.
type Env struct {
	DB  *database.DB
	Now func() time.Time
}

// Instant is the present moment as the databases keep it.
func (e Env) Instant() time.Time { return database.Instant(e.Now()) }

// Locks reports whether reads take row locks. SQLite has none: its writing
// transaction is alone from its beginning.
func (e Env) Locks() bool { return e.DB.RowLocks() }
