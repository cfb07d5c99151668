package loader

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/identity"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/progress"
	"github.com/openhomeroom/homeroom/internal/notify"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/setting"
	"github.com/openhomeroom/homeroom/internal/usage"
)

// Loaders are the loaders of one operation.
type Loaders struct {
	OrganizationByID  *Loader[int, *db.Organization]
	SchoolByID        *Loader[int, *db.Organization]
	SchoolsByDistrict *Loader[int, []*db.Organization]
	StudentCount      *Loader[int, int]
	Settings          *Loader[int, setting.Settings]
	// Notices are those of an organization that the viewer administers.
	Notices          *Loader[int, []notify.Notification]
	GroupByID        *Loader[int, *db.Group]
	GroupsByStudent  *Loader[int, []*db.Group]
	GroupsByEducator *Loader[int, []*db.Group]
	EducatorByID     *Loader[int, *db.Educator]
	EducatorsByGroup *Loader[int, []*db.Educator]
	SubmitterByID    *Loader[int, *db.Educator]
	RolesByEducator  *Loader[int, []*db.RoleAssignment]
	// InvitationByEducator are the latest open ones; see identity.Invitations.
	InvitationByEducator *Loader[int, *db.OneTimeLink]
	StudentByID          *Loader[int, *db.Student]
	// EditableStudents are those of a teacher; an administrator may edit whom one sees.
	EditableStudents *Loader[int, bool]
	BulkJobByID      *Loader[int, *db.BulkJob]
	ServiceKeyByID   *Loader[int, *db.ServiceKey]
	FailedRowsByJob  *Loader[int, bool]
	// The keys of these are the rows that the answer shows, so that all its fields are of
	// one moment.
	ProgressByJob *Loader[*db.BulkJob, progress.Progress]
	WaitingByJob  *Loader[*db.BulkJob, int]
	UsageByWeek   *Loader[StudentSpan, []usage.StudentWeek]
}

// NewLoaders returns empty loaders.
func NewLoaders(d *database.DB, r *roster.Service, u *usage.Service, i *jobs.Service,
	n *notify.Service, a *identity.Service) *Loaders {
	l := &Loaders{
		OrganizationByID:  New(organizationByID(d)),
		SchoolByID:        New(schoolByID(d)),
		SchoolsByDistrict: New(schoolsByDistrict(d)),
		GroupByID:         New(groupByID(d)),
		GroupsByStudent:   New(groupsByStudent(d)),
		GroupsByEducator:  New(groupsByEducator(d)),
		EducatorByID:      New(educatorByID(d)),
		EducatorsByGroup:  New(educatorsByGroup(d)),
		SubmitterByID:     New(submitterByID(d)),
		RolesByEducator:   New(rolesByEducator(d)),
		StudentByID:       New(studentByID(d)),
		EditableStudents:  New(editableStudents(d)),
		BulkJobByID:       New(bulkJobByID(i)),
		FailedRowsByJob:   New(i.HaveFailedRows),
		ProgressByJob:     New(i.Progresses),
		WaitingByJob:      New(i.WaitingFor),
		Settings:          New(settings(u)),
		UsageByWeek:       New(usageByWeek(u)),
		ServiceKeyByID:    New(serviceKeyByID(d)),
	}
	if a != nil {
		l.InvitationByEducator = New(a.Invitations)
	}
	l.StudentCount = New(each(l.SchoolByID, r.CountStudents))
	l.Notices = New(each(l.SchoolByID, n.UnassignedOf))
	return l
}

type contextKey struct{}

// NewContext returns a context that carries the loaders of an operation.
func NewContext(ctx context.Context, l *Loaders) context.Context {
	return context.WithValue(ctx, contextKey{}, l)
}

// From returns the loaders of an operation.
func From(ctx context.Context) *Loaders {
	return ctx.Value(contextKey{}).(*Loaders)
}

// byID turns rows into a map.
func byID[V any](rows []V, id func(V) int) map[int]V {
	m := make(map[int]V, len(rows))
	for _, row := range rows {
		m[id(row)] = row
	}
	return m
}
