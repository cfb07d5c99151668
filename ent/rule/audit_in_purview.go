package rule

import (
	"context"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditdetail"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// AuditEventsSeen matches the entries of the districts and about the schools that the
// viewer administers. Nobody sees entries that belong to no district; the operator reads
// them.
func AuditEventsSeen(v *viewer.Viewer) predicate.AuditEvent {
	return anyOf(auditevent.Or,
		when(v.AdminDistricts(), auditevent.DistrictIDIn),
		when(v.AdminSchools(), auditevent.OrganizationIDIn))
}

// LimitAuditToAdministrators is the rule for reading the audit trail. The server reads the
// details of an entry, on behalf of somebody who sees the entry.
func LimitAuditToAdministrators() privacy.QueryRule {
	return privacy.AuditEventQueryRuleFunc(func(ctx context.Context, q *db.AuditEventQuery) error {
		q.Where(AuditEventsSeen(ask(ctx)))
		return privacy.Allow
	})
}

// OnlyCreatedByTheServer is the policy for what is written once. Not even the server
// changes or removes it.
func OnlyCreatedByTheServer() privacy.MutationPolicy {
	return append(privacy.MutationPolicy{denyIfNobodyAsks{},
		privacy.DenyMutationOperationRule(db.OpUpdate | db.OpUpdateOne | db.OpDelete | db.OpDeleteOne)}, Mutation()...)
}

// OnlyCreatedAndErasedByTheServer also allows the change that removes the text of a detail
// with its salt, and nothing else.
func OnlyCreatedAndErasedByTheServer() privacy.MutationPolicy {
	return append(privacy.MutationPolicy{denyIfNobodyAsks{}, onlyErases{}}, Mutation()...)
}

type onlyErases struct{}

func (onlyErases) EvalMutation(_ context.Context, m db.Mutation) error {
	if m.Op().Is(db.OpCreate) {
		return privacy.Skip
	}
	cleared := slices.Sorted(slices.Values(m.ClearedFields()))
	erases := m.Op().Is(db.OpUpdate) && len(m.Fields()) == 0 && len(m.AddedFields()) == 0 &&
		slices.Equal(cleared, []string{auditdetail.FieldBody, auditdetail.FieldSalt})
	if !erases {
		return privacy.Denyf("the audit trail is never changed")
	}
	return privacy.Skip
}
