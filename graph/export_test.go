package graph

import (
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/openhomeroom/homeroom/internal/database"
	jobs "github.com/openhomeroom/homeroom/internal/job"
)

// Prepare prepares answers over a database. Callers wait for a connection no longer than
// patience.
func Prepare(d *database.DB, patience time.Duration) graphql.ResponseMiddleware {
	return (&Resolver{DB: d, Importer: &jobs.Service{}}).prepare(connections(d, patience))
}
