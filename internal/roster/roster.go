// Package roster keeps organizations, groups, students and enrollments, and the numbers
// that are derived from them. Its README has the rules and the tests that hold them.
package roster

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/probe"
	"github.com/openhomeroom/homeroom/internal/setting"
)

// The limits of input, in characters.
const (
	MaxExternalID  = 64
	MaxName        = 100
	MaxGroupName   = 190
	MinUsername    = 3
	MaxUsername    = 100
	MaxPassword    = 256
	MaxSelection   = 1000
	MaxGroupsAtOne = 100
)

// Service is the roster. Every method acts for the viewer in its context.
type Service struct {
	db      *database.DB
	hash    func(ctx context.Context, password string) (string, error)
	recount func(ctx context.Context, client *db.Client, studentIDs []int) error
	taught  func(ctx context.Context, client *db.Client, g *db.Group, educatorIDs []int) error
	probes  *probe.Counter
	now     func() time.Time
	log     *slog.Logger
}

// Options are what a Service needs from other packages.
type Options struct {
	// Hash returns the stored form of a password.
	Hash func(ctx context.Context, password string) (string, error)
	// Recount computes the usage sums of students who have moved to another school, inside
	// the transaction of the move.
	Recount func(ctx context.Context, client *db.Client, studentIDs []int) error
	// Taught ends credentials of educators who will teach a group, inside the transaction
	// of the change, if they were set by somebody who has fewer rights than the educators
	// then have.
	Taught func(ctx context.Context, client *db.Client, g *db.Group, educatorIDs []int) error
	// Probes counts the answers that reveal that somebody whom the viewer does not see has
	// an ID or username. If it is nil, nothing is counted.
	Probes *probe.Counter
	Now    func() time.Time
	Log    *slog.Logger
}

// New returns the roster of a database.
func New(d *database.DB, o Options) *Service {
	return &Service{db: d, hash: o.Hash, recount: o.Recount, taught: o.Taught, probes: o.Probes, now: o.Now, log: o.Log}
}

// Refusals are one or more errors that the user can correct. Nothing was changed.
type Refusals []*fault.Error

func (r Refusals) Error() string {
	texts := make([]string, len(r))
	for i, e := range r {
		texts[i] = e.Error()
	}
	return strings.Join(texts, "; ")
}

// Unwrap returns the first refusal; its kind is the kind of the whole.
func (r Refusals) Unwrap() error {
	if len(r) == 0 {
		return nil
	}
	return r[0]
}

// orNil returns the refusals as an error, or nil if there are none.
func (r Refusals) orNil() error {
	if len(r) == 0 {
		return nil
	}
	return r
}

// Organization returns an organization that the viewer sees.
func (s *Service) Organization(ctx context.Context, id int) (*db.Organization, error) {
	o, err := s.db.Client(ctx).Organization.Get(ctx, id)
	if db.IsNotFound(err) {
		return nil, ErrNoOrganization
	}
	return o, err
}

// Organizations returns all organizations that the viewer sees: districts first, then
// schools by name.
func (s *Service) Organizations(ctx context.Context) ([]*db.Organization, error) {
	return s.db.Client(ctx).Organization.Query().
		Order(db.Asc(organization.FieldType), db.Asc(organization.FieldNameKey, organization.FieldID)).All(ctx)
}

// These say that something does not exist for the caller.
var (
	ErrNoOrganization = fault.NotFoundf("there is no such organization among those you may see")
	ErrNoGroup        = fault.NotFoundf("there is no such class or group among those you may see")
	ErrNoStudent      = fault.NotFoundf("there is no such student among those you may see")
	ErrNoEducator     = fault.NotFoundf("there is no such educator among those you may see")
)

// school returns a school that the viewer sees and that can have groups and students.
func (s *Service) school(ctx context.Context, client *db.Client, id int) (*db.Organization, error) {
	o, err := client.Organization.Get(ctx, id)
	switch {
	case db.IsNotFound(err):
		return nil, ErrNoOrganization.At("organizationId")
	case err != nil:
		return nil, err
	case o.Type != organization.TypeSCHOOL:
		return nil, fault.Invalidf("%s is a district; choose one of its schools", o.Name).WithCode("NOT_A_SCHOOL").
			At("organizationId")
	default:
		return o, nil
	}
}

// settings returns the settings of an organization that has been read.
func (s *Service) settings(ctx context.Context, client *db.Client, o *db.Organization) (setting.Settings, error) {
	all, err := setting.Read(ctx, client, s.now(), o)
	return all[o.ID], err
}
