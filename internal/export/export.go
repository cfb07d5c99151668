// Package export writes the roster as files that can be uploaded again unchanged: somebody
// who changes one cell and uploads the file changes one thing.
package export

import (
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/usage"
)

// Service writes exports. They contain what the viewer of the context sees.
type Service struct {
	db     *database.DB
	roster *roster.Service
	usage  *usage.Service
}

// New returns a service on a database. The usage service knows the time zones of the days
// in an export.
func New(d *database.DB, r *roster.Service, u *usage.Service) *Service {
	return &Service{db: d, roster: r, usage: u}
}

// errNotAdministrator refuses a list of many people to teachers.
var errNotAdministrator = fault.Forbiddenf("only administrators of the organization can export its students").
	At("organizationId")
