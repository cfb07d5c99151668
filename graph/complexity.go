package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"homeroom/graph/generated"
	"homeroom/graph/model"
	"homeroom/graph/transport"
	"homeroom/internal/calendar"
	"homeroom/internal/page"
	"homeroom/internal/viewer"
)

// How many rows the lists have that are not paged, as it is usual.
const (
	schoolsOfDistrict = 40
	groupsOfPerson    = 5
	teachersOfGroup   = 2
	rolesOfEducator   = 2
	rowsOfReport      = 40
	weeksOfReport     = 10
	anyList           = 3
)

// complexity makes the cost of a list grow with the rows that it asks for; by
// itself the calculation ignores first and last, and takes a list for one row.
func complexity(limit int) (c generated.ComplexityRoot) {
	rows := func(child int, first, last *int) int {
		n := page.Default // a page that is too large is refused when it is read
		if first != nil {
			n = *first
		} else if last != nil {
			n = *last
		}
		return 1 + child*min(max(1, n), page.Max)
	}
	times := func(n int) func(int) int { return func(child int) int { return 1 + child*n } }
	c.Query.Students = func(child int, _ *string, _ *model.StudentFilter, _ *model.StudentOrder, first *int, _ *string, last *int, _ *string) int {
		return rows(child, first, last)
	}
	c.Query.Groups = func(child int, _ *string, _ *model.GroupFilter, _ *model.GroupOrder, first *int, _ *string, last *int, _ *string) int {
		return rows(child, first, last)
	}
	c.Query.AuditEvents = func(child int, _ *string, _ *model.AuditEventFilter, first *int, _ *string, last *int, _ *string) int {
		return rows(child, first, last)
	}
	c.Query.BulkJobs = func(child int, _ *string, first *int, _ *string) int { return rows(child, first, nil) }
	c.Query.Nodes = func(child int, ids []string) int { return 1 + child*max(1, len(ids)) }
	c.Query.UsageReport = func(child int, _ string, _ model.UsagePeriod, _, _ *calendar.Day, _, _ []string) int {
		return 100 + child
	}
	c.Group.Students = func(child int, first *int, _ *string, last *int, _ *string) int { return rows(child, first, last) }
	c.BulkJob.Changes = func(child int, first *int, _ *string) int { return rows(child, first, nil) }
	c.BulkJob.RefusedRows = func(child int, first *int, _ *string) int { return rows(child, first, nil) }
	c.BulkJobRefusedRow.Cells = times(anyList)
	c.BulkJobRefusedRow.Problems = times(anyList)
	c.BulkJob.Problems = func(child int, first *int, _ *string, _ *model.ProblemSeverity) int {
		return rows(child, first, nil)
	}
	c.Viewer.Organizations = times(schoolsOfDistrict)
	c.Viewer.Roles = times(rolesOfEducator)
	c.Organization.Children = times(schoolsOfDistrict)
	c.Educator.Roles = times(rolesOfEducator)
	c.Educator.Groups = times(groupsOfPerson)
	c.Student.Groups = times(groupsOfPerson)
	c.Group.Educators = times(teachersOfGroup)
	c.UsageReport.Rows = times(rowsOfReport)
	c.UsageReport.Weeks = times(weeksOfReport)
	c.Mutation.AssignStudentsToGroups = func(child int, in model.AssignStudentsToGroupsInput) int {
		return 1 + child*max(1, len(in.StudentIds), len(in.GroupIds))
	}
	c.Mutation.RemoveStudentsFromGroups = func(child int, in model.RemoveStudentsFromGroupsInput) int {
		return 1 + child*max(1, len(in.StudentIds), len(in.GroupIds))
	}
	// Three of them in one operation are somebody who tries out passwords.
	c.Mutation.SignIn = func(child int, _ model.SignInInput) int { return limit/3 + 1 + child }
	c.Mutation.SignInWithCode = func(child int, _ model.SignInWithCodeInput) int { return limit/3 + 1 + child }
	c.Mutation.CompleteSignIn = func(child int, _ model.CompleteSignInInput) int { return limit/3 + 1 + child }
	c.Mutation.FinishPasskeySignIn = func(child int, _ model.PasskeySignInInput) int { return limit/3 + 1 + child }
	c.Mutation.ProveIdentity = func(child int, _ model.ProveIdentityInput) int { return limit/3 + 1 + child }
	c.SecondFactors.Passkeys = times(anyList)
	return c
}

// schemaCosts are how many entries the lists of the schema have, which need no
// database and are counted at a fifth.
var schemaCosts = map[string]int{
	"__Schema.types": 20, "__Schema.directives": 1, "__Type.fields": 7, "__Type.inputFields": 3,
	"__Type.enumValues": 3, "__Type.possibleTypes": 2, "__Field.args": 2, "__Directive.args": 2,
}

// costs adds up what an operation can cost, each fragment once.
type costs struct {
	schema     graphql.ExecutableSchema
	variables  map[string]any
	known      map[string]int
	introspect bool
}

// MutateOperationContext checks what only the validated operation tells: what it
// costs with its variables, and whether it reads the schema.
func (g *guard) MutateOperationContext(ctx context.Context, oc *graphql.OperationContext) *gqlerror.Error {
	c := &costs{schema: g.schema, variables: oc.Variables, known: map[string]int{}}
	if n := c.selection(ctx, oc.Operation.SelectionSet); n > g.Complexity {
		return over("TOO_COMPLEX", "The operation costs %d points and may cost %d; a row of a page counts as often as first or last asks for it.", n, g.Complexity)
	}
	oc.DisableIntrospection = !g.Introspection.allows(viewer.FromContext(ctx))
	if c.introspect && oc.DisableIntrospection {
		return transport.Errorf("INTROSPECTION_DISABLED", "The schema is not shown to you; the documentation of the API describes it.")
	}
	return nil
}

func (c *costs) selection(ctx context.Context, set ast.SelectionSet) (n int) {
	for _, selection := range set {
		switch x := selection.(type) {
		case *ast.Field:
			n = sum(n, c.field(ctx, x))
		case *ast.InlineFragment:
			n = sum(n, c.selection(ctx, x.SelectionSet))
		case *ast.FragmentSpread:
			cost, known := c.known[x.Name]
			if !known {
				cost = c.selection(ctx, x.Definition.SelectionSet)
				c.known[x.Name] = cost
			}
			n = sum(n, cost)
		}
	}
	return n
}

func (c *costs) field(ctx context.Context, f *ast.Field) int {
	child := c.selection(ctx, f.SelectionSet)
	parent := f.ObjectDefinition.Name
	if f.Name == "__schema" || f.Name == "__type" {
		c.introspect = true
	}
	if entries, known := schemaCosts[parent+"."+f.Name]; known {
		return min(1+child*entries, enough)
	}
	// An interface's field costs what it costs of the dearest type behind it.
	types := []string{parent}
	for _, t := range c.schema.Schema().GetPossibleTypes(f.ObjectDefinition) {
		types = append(types, t.Name)
	}
	dearest := sum(child, 1)
	for _, name := range types {
		if n, known := c.schema.Complexity(ctx, name, f.Name, child, f.ArgumentMap(c.variables)); known {
			dearest = max(dearest, min(n, enough))
		}
	}
	return dearest
}
