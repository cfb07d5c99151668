// Package graph answers GraphQL operations. A resolver is one query or one call of a
// service. Package loader reads what many fields of an answer need, document decides which
// documents run, and transport carries operations over HTTP and WebSockets.
package graph

//go:generate go -C .. tool gqlgen generate

import (
	"log/slog"

	"github.com/openhomeroom/homeroom/graph/generated"
	"github.com/openhomeroom/homeroom/graph/limit"
	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/download"
	"github.com/openhomeroom/homeroom/internal/identity"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/notify"
	"github.com/openhomeroom/homeroom/internal/operation"
	"github.com/openhomeroom/homeroom/internal/privacy"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/setting"
	"github.com/openhomeroom/homeroom/internal/usage"
)

// Limits are what one request, and one caller, may ask for.
type Limits = limit.Limits

// DefaultLimits are the limits of a field that is 0.
func DefaultLimits() Limits { return limit.Default() }

// Resolver holds the services that the resolvers call.
type Resolver struct {
	DB        *database.DB
	Identity  *identity.Service
	Roster    *roster.Service
	Settings  *setting.Service
	Privacy   *privacy.Service
	Usage     *usage.Service
	Notify    *notify.Service
	Importer  *jobs.Service
	Downloads *download.Service
	// Operations are the registered operations; nil if none can be registered.
	Operations *operation.Service
	// Audit records reads and refusals.
	Audit *audit.Service
	// Providers are further ways to sign in, in the order of their buttons.
	Providers []*model.SignInProvider
	Log       *slog.Logger
}

// Query implements generated.ResolverRoot.
func (r *Resolver) Query() generated.QueryResolver { return queryResolver{r} }

// Mutation implements generated.ResolverRoot.
func (r *Resolver) Mutation() generated.MutationResolver { return mutationResolver{r} }

// Viewer implements generated.ResolverRoot.
func (r *Resolver) Viewer() generated.ViewerResolver { return viewerResolver{r} }

// RoleAssignment implements generated.ResolverRoot.
func (r *Resolver) RoleAssignment() generated.RoleAssignmentResolver {
	return roleAssignmentResolver{r}
}

// ServiceKey implements generated.ResolverRoot.
func (r *Resolver) ServiceKey() generated.ServiceKeyResolver { return serviceKeyResolver{r} }

// Educator implements generated.ResolverRoot.
func (r *Resolver) Educator() generated.EducatorResolver { return educatorResolver{r} }

// EducatorConnection implements generated.ResolverRoot.
func (r *Resolver) EducatorConnection() generated.EducatorConnectionResolver {
	return educatorConnectionResolver{r}
}

// Organization implements generated.ResolverRoot.
func (r *Resolver) Organization() generated.OrganizationResolver { return organizationResolver{r} }

// PendingSetting implements generated.ResolverRoot.
func (r *Resolver) PendingSetting() generated.PendingSettingResolver {
	return pendingSettingResolver{r}
}

// Group implements generated.ResolverRoot.
func (r *Resolver) Group() generated.GroupResolver { return groupResolver{r} }

// GroupConnection implements generated.ResolverRoot.
func (r *Resolver) GroupConnection() generated.GroupConnectionResolver {
	return groupConnectionResolver{r}
}

// DetectedFile implements generated.ResolverRoot.
func (r *Resolver) DetectedFile() generated.DetectedFileResolver { return detectedFileResolver{r} }

// Student implements generated.ResolverRoot.
func (r *Resolver) Student() generated.StudentResolver { return studentResolver{r} }

// StudentConnection implements generated.ResolverRoot.
func (r *Resolver) StudentConnection() generated.StudentConnectionResolver {
	return studentConnectionResolver{r}
}

// ErasureCertificate implements generated.ResolverRoot.
func (r *Resolver) ErasureCertificate() generated.ErasureCertificateResolver {
	return erasureCertificateResolver{r}
}

// DeletedStudent implements generated.ResolverRoot.
func (r *Resolver) DeletedStudent() generated.DeletedStudentResolver {
	return deletedStudentResolver{r}
}

// DeletedStudentConnection implements generated.ResolverRoot.
func (r *Resolver) DeletedStudentConnection() generated.DeletedStudentConnectionResolver {
	return deletedStudentConnectionResolver{r}
}

// DashboardNotification implements generated.ResolverRoot.
func (r *Resolver) DashboardNotification() generated.DashboardNotificationResolver {
	return notificationResolver{r}
}

// UsageReport implements generated.ResolverRoot.
func (r *Resolver) UsageReport() generated.UsageReportResolver { return usageReportResolver{r} }

// UsageRow implements generated.ResolverRoot.
func (r *Resolver) UsageRow() generated.UsageRowResolver { return usageRowResolver{r} }

// BulkJob implements generated.ResolverRoot.
func (r *Resolver) BulkJob() generated.BulkJobResolver { return bulkJobResolver{r} }

// BulkJobProblem implements generated.ResolverRoot.
func (r *Resolver) BulkJobNewGroup() generated.BulkJobNewGroupResolver {
	return bulkJobNewGroupResolver{r}
}
func (r *Resolver) BulkJobProblem() generated.BulkJobProblemResolver {
	return bulkJobProblemResolver{r}
}

// BulkJobChangedRow implements generated.ResolverRoot.
func (r *Resolver) BulkJobChangedRow() generated.BulkJobChangedRowResolver {
	return bulkJobChangedRowResolver{r}
}

// BulkJobChangedRowConnection implements generated.ResolverRoot.
func (r *Resolver) BulkJobChangedRowConnection() generated.BulkJobChangedRowConnectionResolver {
	return bulkJobChangedRowConnectionResolver{r}
}

// BulkJobRefusedRowConnection implements generated.ResolverRoot.
func (r *Resolver) BulkJobRefusedRowConnection() generated.BulkJobRefusedRowConnectionResolver {
	return bulkJobRefusedRowConnectionResolver{r}
}

// BulkJobChange implements generated.ResolverRoot.
func (r *Resolver) BulkJobChange() generated.BulkJobChangeResolver { return bulkJobChangeResolver{r} }

// BulkJobConnection implements generated.ResolverRoot.
func (r *Resolver) BulkJobConnection() generated.BulkJobConnectionResolver {
	return bulkJobConnectionResolver{r}
}

// BulkJobChangeConnection implements generated.ResolverRoot.
func (r *Resolver) BulkJobChangeConnection() generated.BulkJobChangeConnectionResolver {
	return bulkJobChangeConnectionResolver{r}
}

// BulkJobProblemConnection implements generated.ResolverRoot.
func (r *Resolver) BulkJobProblemConnection() generated.BulkJobProblemConnectionResolver {
	return bulkJobProblemConnectionResolver{r}
}

// AuditEvent implements generated.ResolverRoot.
func (r *Resolver) AuditEvent() generated.AuditEventResolver { return auditEventResolver{r} }

// AuditSubject implements generated.ResolverRoot.
func (r *Resolver) AuditSubject() generated.AuditSubjectResolver { return auditSubjectResolver{r} }

// AuditEventConnection implements generated.ResolverRoot.
func (r *Resolver) AuditEventConnection() generated.AuditEventConnectionResolver {
	return auditEventConnectionResolver{r}
}

// The resolvers of the types. Their methods are in the file of their capability.
type (
	queryResolver                       struct{ *Resolver }
	mutationResolver                    struct{ *Resolver }
	auditEventResolver                  struct{ *Resolver }
	auditSubjectResolver                struct{ *Resolver }
	auditEventConnectionResolver        struct{ *Resolver }
	viewerResolver                      struct{ *Resolver }
	roleAssignmentResolver              struct{ *Resolver }
	serviceKeyResolver                  struct{ *Resolver }
	educatorResolver                    struct{ *Resolver }
	educatorConnectionResolver          struct{ *Resolver }
	organizationResolver                struct{ *Resolver }
	pendingSettingResolver              struct{ *Resolver }
	groupResolver                       struct{ *Resolver }
	groupConnectionResolver             struct{ *Resolver }
	detectedFileResolver                struct{ *Resolver }
	studentResolver                     struct{ *Resolver }
	studentConnectionResolver           struct{ *Resolver }
	erasureCertificateResolver          struct{ *Resolver }
	deletedStudentResolver              struct{ *Resolver }
	deletedStudentConnectionResolver    struct{ *Resolver }
	notificationResolver                struct{ *Resolver }
	usageReportResolver                 struct{ *Resolver }
	usageRowResolver                    struct{ *Resolver }
	bulkJobResolver                     struct{ *Resolver }
	bulkJobNewGroupResolver             struct{ *Resolver }
	bulkJobProblemResolver              struct{ *Resolver }
	bulkJobChangedRowResolver           struct{ *Resolver }
	bulkJobChangedRowConnectionResolver struct{ *Resolver }
	bulkJobRefusedRowConnectionResolver struct{ *Resolver }
	bulkJobChangeResolver               struct{ *Resolver }
	bulkJobConnectionResolver           struct{ *Resolver }
	bulkJobChangeConnectionResolver     struct{ *Resolver }
	bulkJobProblemConnectionResolver    struct{ *Resolver }
)
