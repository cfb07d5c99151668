package setting

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// dueEvery is how often the server looks for changes that are due.
const dueEvery = 15 * time.Second

// Run writes down the changes that are due, until ctx ends. Reading settings does not
// depend on it. Package identity asks in SQL who needs a second factor, and applies the
// stricter value until the change is written down; a server or clock that stands still
// only prolongs that.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(dueEvery)
	defer tick.Stop()
	for {
		if err := s.ApplyDue(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "apply settings whose time has come", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// ApplyDue writes down the changes that are due. Several servers may do it at once: each
// change is made once, under the lock of its row.
func (s *Service) ApplyDue(ctx context.Context) error {
	system := viewer.AsSystem(ctx, "settings whose time has come")
	waiting, err := s.db.Client(system).Organization.Query().Where(organization.PendingSettingsNotNil()).
		Order(organization.ByID()).All(system)
	if err != nil {
		return err
	}
	var problems []error // A failure for one organization does not stop the others.
	for _, o := range waiting {
		problems = append(problems, s.applyDue(system, o))
	}
	return errors.Join(problems...)
}

func (s *Service) applyDue(system context.Context, o *db.Organization) error {
	all, err := storedPending(o)
	if err != nil || !slices.ContainsFunc(all, func(p Pending) bool { return p.due(s.now()) }) {
		return err
	}
	return s.db.InTx(system, func(ctx context.Context, client *db.Client) error {
		q := client.Organization.Query().Where(organization.ID(o.ID))
		if s.db.RowLocks() {
			q.ForUpdate()
		}
		locked, err := q.Only(ctx)
		if err != nil {
			return err
		}
		_, err = s.fold(ctx, client, locked)
		return err
	})
}
