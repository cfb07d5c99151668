package rule

import (
	"context"
	"errors"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobproblem"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrow"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/db/servicekey"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// denyKeys is at the start of every policy, so that the rules after it are about people
// only.
type denyKeys struct{}

func (denyKeys) EvalQuery(ctx context.Context, _ db.Query) error { return noKey(ctx) }

func (denyKeys) EvalMutation(ctx context.Context, _ db.Mutation) error { return noKey(ctx) }

func noKey(ctx context.Context) error {
	if ask(ctx).Key != nil {
		return privacy.Denyf("a service key has no purview here")
	}
	return privacy.Skip
}

// QueryAlsoByKeys is Query for an entity that service keys may read too, within the first
// rule.
func QueryAlsoByKeys(keys privacy.QueryRule, rules ...privacy.QueryRule) privacy.QueryPolicy {
	return privacy.QueryPolicy{everyHand{query: append(privacy.QueryPolicy{forKeys{query: keys}}, Query(rules...)...)}}
}

// MutationAlsoByKeys is Mutation for an entity that service keys may change too, within
// the first rule.
func MutationAlsoByKeys(keys privacy.MutationRule, rules ...privacy.MutationRule) privacy.MutationPolicy {
	return privacy.MutationPolicy{
		everyHand{mutation: append(privacy.MutationPolicy{forKeys{mutation: keys}}, Mutation(rules...)...)}}
}

// forKeys applies a rule to service keys only.
type forKeys struct {
	query    privacy.QueryRule
	mutation privacy.MutationRule
}

func (r forKeys) EvalQuery(ctx context.Context, q db.Query) error {
	if v := ask(ctx); v == nil || v.Key == nil {
		return privacy.Skip
	}
	return r.query.EvalQuery(ctx, q)
}

func (r forKeys) EvalMutation(ctx context.Context, m db.Mutation) error {
	if v := ask(ctx); v == nil || v.Key == nil {
		return privacy.Skip
	}
	if err := (denyEdges{}).EvalMutation(ctx, m); !errors.Is(err, privacy.Skip) {
		return err
	}
	return r.mutation.EvalMutation(ctx, m)
}

// KeysReadTheirOrganization shows a key its own organization and, if that is a district,
// its schools.
func KeysReadTheirOrganization() privacy.QueryRule {
	return privacy.OrganizationQueryRuleFunc(func(ctx context.Context, q *db.OrganizationQuery) error {
		k := ask(ctx).Key
		if k.OrganizationID == k.DistrictID {
			q.Where(organization.DistrictID(k.DistrictID))
		} else {
			q.Where(organization.ID(k.OrganizationID))
		}
		return privacy.Allow
	})
}

// jobsOfKey matches the jobs that a key has submitted.
func jobsOfKey(v *viewer.Viewer) predicate.BulkJob {
	if !v.Has(viewer.RosterImport) {
		return never
	}
	return bulkjob.SubmittedBy(v.Key.AgentID)
}

// KeysReadTheirJobs shows a key the jobs that it has submitted.
func KeysReadTheirJobs() privacy.QueryRule {
	return privacy.BulkJobQueryRuleFunc(func(ctx context.Context, q *db.BulkJobQuery) error {
		q.Where(jobsOfKey(ask(ctx)))
		return privacy.Allow
	})
}

// KeysReadTheirJobRows shows a key what its jobs will change.
func KeysReadTheirJobRows() privacy.QueryRule {
	return privacy.BulkJobRowQueryRuleFunc(func(ctx context.Context, q *db.BulkJobRowQuery) error {
		q.Where(bulkjobrow.HasJobWith(jobsOfKey(ask(ctx))))
		return privacy.Allow
	})
}

// KeysReadTheirJobProblems shows a key what is wrong with its files.
func KeysReadTheirJobProblems() privacy.QueryRule {
	return privacy.BulkJobProblemQueryRuleFunc(func(ctx context.Context, q *db.BulkJobProblemQuery) error {
		q.Where(bulkjobproblem.HasJobWith(jobsOfKey(ask(ctx))))
		return privacy.Allow
	})
}

// KeysSubmitJobs lets a key create jobs at its organization, in the name of its agent.
func KeysSubmitJobs() privacy.MutationRule {
	return privacy.BulkJobMutationRuleFunc(func(ctx context.Context, m *db.BulkJobMutation) error {
		v := ask(ctx)
		submitter, _ := m.SubmittedBy()
		organizationID, _ := m.OrganizationID()
		districtID, _ := m.DistrictID()
		if m.Op().Is(db.OpCreate) && submitter == v.SubmitterID() &&
			v.Holds(viewer.RosterImport, organizationID, districtID) {
			return allowIf(checkDistrict(ctx, m.Client(), organizationID, districtID))
		}
		return privacy.Denyf("organization %d is not that of the key", organizationID)
	})
}

// keysAdministered matches the keys of the organizations that the viewer administers.
func keysAdministered(v *viewer.Viewer) predicate.ServiceKey {
	return anyOf(servicekey.Or,
		when(v.AdminDistricts(), servicekey.DistrictIDIn),
		when(v.AdminSchools(), servicekey.OrganizationIDIn))
}

// LimitKeysToAdministrators shows the keys of an organization to its administrators.
func LimitKeysToAdministrators() privacy.QueryRule {
	return privacy.ServiceKeyQueryRuleFunc(func(ctx context.Context, q *db.ServiceKeyQuery) error {
		q.Where(keysAdministered(ask(ctx)))
		return privacy.Allow
	})
}

// AdministratorsChangeKeys lets administrators create, in their own name, and revoke the
// keys of the organizations that they administer. Nobody deletes one.
func AdministratorsChangeKeys() privacy.MutationRule {
	return privacy.ServiceKeyMutationRuleFunc(func(ctx context.Context, m *db.ServiceKeyMutation) error {
		v := ask(ctx)
		switch {
		case m.Op().Is(db.OpCreate):
			organizationID, _ := m.OrganizationID()
			districtID, _ := m.DistrictID()
			if !v.Administers(organizationID, districtID) {
				return privacy.Denyf("organization %d is outside of the purview", organizationID)
			}
			if maker, _ := m.CreatedBy(); maker != v.EducatorID {
				return privacy.Denyf("a key is made in the own name")
			}
			if agent, ok := m.AgentID(); ok {
				if err := checkAgent(ctx, m.Client(), v, agent); err != nil {
					return err
				}
			}
			return allowIf(checkDistrict(ctx, m.Client(), organizationID, districtID))
		case m.Op().Is(db.OpUpdate | db.OpUpdateOne):
			m.Where(keysAdministered(v))
			return privacy.Allow
		default:
			return privacy.Skip
		}
	})
}

// checkAgent refuses a key whose agent is not a program's account, or may do more than the
// maker of the key can grant.
func checkAgent(ctx context.Context, client *db.Client, v *viewer.Viewer, id int) error {
	theirs, err := client.Educator.Query().Where(educator.ID(id), agentsGranted(v)).
		Exist(viewer.AsSystem(ctx, "account of a key"))
	if err == nil && !theirs {
		return privacy.Denyf("educator %d is outside of the purview", id)
	}
	return err
}
