// Package rule decides who may see and change what. A policy consists of the shared
// beginning of Query or Mutation, the rules of the entity, and a refusal: what no rule
// allows is denied. Predicates whose names end in Seen define what a viewer may read,
// those that end in Edited what a viewer may change.
package rule

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Query returns the policy for reading an entity. Service keys read nothing; see
// QueryAlsoByKeys.
func Query(rules ...privacy.QueryRule) privacy.QueryPolicy {
	return QueryAlsoBeforeSecondFactor(append([]privacy.QueryRule{denyBeforeSecondFactor{}}, rules...)...)
}

// QueryAlsoBeforeSecondFactor is Query for what people may read of themselves before they
// have set up a required second factor. To a viewer without roles, its rules must show
// nothing but the viewer's own.
func QueryAlsoBeforeSecondFactor(rules ...privacy.QueryRule) privacy.QueryPolicy {
	policy := privacy.QueryPolicy{denyIfNobodyAsks{}, allowTheServer{}, denyKeys{}}
	policy = append(policy, rules...)
	return privacy.QueryPolicy{everyHand{query: append(policy, privacy.AlwaysDenyRule())}}
}

// Mutation returns the policy for changing an entity. A rule that limits which rows are
// changed does not guard the creation of new ones, so an entity that people create needs
// another rule for that. Service keys change nothing; see MutationAlsoByKeys.
func Mutation(rules ...privacy.MutationRule) privacy.MutationPolicy {
	policy := privacy.MutationPolicy{denyIfNobodyAsks{}, allowTheServer{}, denyEdges{}, denyKeys{},
		denyBeforeSecondFactor{}}
	policy = append(policy, rules...)
	return privacy.MutationPolicy{everyHand{mutation: append(policy, privacy.AlwaysDenyRule())}}
}

// ByTheServerAlone is the policy for what only the server changes.
func ByTheServerAlone() privacy.MutationPolicy { return Mutation() }

// never matches no row.
func never(s *sql.Selector) { s.Where(sql.False()) }

// allowIf allows the mutation if a last check has no objection.
func allowIf(err error) error {
	if err != nil {
		return err
	}
	return privacy.Allow
}

func ask(ctx context.Context) *viewer.Viewer { return viewer.FromContext(ctx) }

type denyIfNobodyAsks struct{}

func (denyIfNobodyAsks) EvalQuery(ctx context.Context, _ db.Query) error { return nobody(ctx) }

func (denyIfNobodyAsks) EvalMutation(ctx context.Context, _ db.Mutation) error { return nobody(ctx) }

func nobody(ctx context.Context) error {
	if ask(ctx) == nil {
		return privacy.Denyf("nobody has signed in")
	}
	return privacy.Skip
}

type allowTheServer struct{}

func (allowTheServer) EvalQuery(ctx context.Context, _ db.Query) error { return server(ctx) }

func (allowTheServer) EvalMutation(ctx context.Context, _ db.Mutation) error { return server(ctx) }

func server(ctx context.Context) error {
	if ask(ctx).IsSystem() {
		return privacy.Allow
	}
	return privacy.Skip
}

// denyBeforeSecondFactor refuses viewers who must have a second factor and have not set
// one up.
type denyBeforeSecondFactor struct{}

func (denyBeforeSecondFactor) EvalQuery(ctx context.Context, _ db.Query) error { return complete(ctx) }

func (denyBeforeSecondFactor) EvalMutation(ctx context.Context, _ db.Mutation) error {
	return complete(ctx)
}

func complete(ctx context.Context) error {
	if ask(ctx).BeforeSecondFactor {
		return privacy.Denyf("a second factor must be set up first")
	}
	return privacy.Skip
}

// allowEverybodySignedIn lets every viewer read. It is for entities without personal data.
type allowEverybodySignedIn struct{}

// AllowEverybodySignedIn lets every viewer read. It is for entities without personal data.
func AllowEverybodySignedIn() privacy.QueryRule { return allowEverybodySignedIn{} }

func (allowEverybodySignedIn) EvalQuery(context.Context, db.Query) error { return privacy.Allow }
