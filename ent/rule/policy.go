// Package rule decides who may see and change what. A policy is the shared
// beginning of Query or Mutation, the rules that make an entity different, and a
// refusal: whatever no rule allows is denied. Predicates whose names end in Seen
// are the purview for reading, those that end in Edited the purview for writing.
package rule

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Query returns the policy for reading an entity. A program with a service key
// reads nothing; see QueryAlsoByKeys.
func Query(rules ...privacy.QueryRule) privacy.QueryPolicy {
	return QueryAlsoBeforeSecondFactor(append([]privacy.QueryRule{denyBeforeSecondFactor{}}, rules...)...)
}

// QueryAlsoBeforeSecondFactor is Query for what people see of themselves while they
// are still to set up a second factor. Its rules give nothing to a viewer without
// roles but what is the viewer's own.
func QueryAlsoBeforeSecondFactor(rules ...privacy.QueryRule) privacy.QueryPolicy {
	policy := privacy.QueryPolicy{denyIfNobodyAsks{}, allowTheServer{}, denyKeys{}}
	policy = append(policy, rules...)
	return privacy.QueryPolicy{everyHand{query: append(policy, privacy.AlwaysDenyRule())}}
}

// Mutation returns the policy for changing an entity. A rule that limits which
// rows are changed does not guard the creation of new ones, so an entity that
// people create has a rule for that as well. A program with a service key
// changes nothing; see MutationAlsoByKeys.
func Mutation(rules ...privacy.MutationRule) privacy.MutationPolicy {
	policy := privacy.MutationPolicy{denyIfNobodyAsks{}, allowTheServer{}, denyEdges{}, denyKeys{},
		denyBeforeSecondFactor{}}
	policy = append(policy, rules...)
	return privacy.MutationPolicy{everyHand{mutation: append(policy, privacy.AlwaysDenyRule())}}
}

// ByTheServerAlone is the policy for changing what only the server changes.
func ByTheServerAlone() privacy.MutationPolicy { return Mutation() }

// never matches no row.
func never(s *sql.Selector) { s.Where(sql.False()) }

// allowIf allows what a last check has nothing against.
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

// denyBeforeSecondFactor keeps those out who must have a second factor and have
// shown none.
type denyBeforeSecondFactor struct{}

func (denyBeforeSecondFactor) EvalQuery(ctx context.Context, _ db.Query) error { return complete(ctx) }

func (denyBeforeSecondFactor) EvalMutation(ctx context.Context, _ db.Mutation) error {
	return complete(ctx)
}

func complete(ctx context.Context) error {
	if ask(ctx).BeforeSecondFactor {
		return privacy.Denyf("a second factor is to be set up first")
	}
	return privacy.Skip
}

// allowEverybodySignedIn lets every viewer read; for what holds nothing personal.
type allowEverybodySignedIn struct{}

// AllowEverybodySignedIn lets every viewer read; for what holds nothing personal.
func AllowEverybodySignedIn() privacy.QueryRule { return allowEverybodySignedIn{} }

func (allowEverybodySignedIn) EvalQuery(context.Context, db.Query) error { return privacy.Allow }
