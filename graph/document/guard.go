// Package document decides which GraphQL documents run. It refuses those that are too
// large, too deep or too expensive and, if the operator wants that, those that are not
// registered. It looks at a document before gqlgen validates it, because a short text can
// make validation expensive.
package document

import (
	"context"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/openhomeroom/homeroom/graph/transport"
	"github.com/openhomeroom/homeroom/internal/quote"
)

// Guard is a gqlgen extension that refuses documents over the limits. It looks at
// them before gqlgen does: gqlgen's validation and its own calculation of complexity
// follow every path through nested fragments, and a short text can have billions of
// paths.
type Guard struct {
	limits Limits
	schema graphql.ExecutableSchema
	parsed *cache
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationParameterMutator
	graphql.OperationContextMutator
} = (*Guard)(nil)

// NewGuard returns the guard of an endpoint.
func NewGuard(limits Limits, schema graphql.ExecutableSchema) *Guard {
	return &Guard{limits: limits, schema: schema, parsed: newCache()}
}

// Parsed is the cache in which the endpoint must keep parsed and validated documents. The
// guard lets a document pass that is in the cache.
func (g *Guard) Parsed() graphql.Cache[*ast.QueryDocument] { return g.parsed }

// ExtensionName implements graphql.HandlerExtension.
func (*Guard) ExtensionName() string { return "Guard" }

// Validate implements graphql.HandlerExtension.
func (*Guard) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters checks the text of a document. It is called before
// gqlgen parses it.
func (g *Guard) MutateOperationParameters(ctx context.Context, p *graphql.RawParams) *gqlerror.Error {
	if _, known := g.parsed.Get(ctx, p.Query); known {
		return nil
	}
	_, bad := g.parse(p.Query)
	return bad
}

// parse reads a document within the limits.
func (g *Guard) parse(text string) (*ast.QueryDocument, *gqlerror.Error) {
	if len(text) > g.limits.Bytes {
		return nil, over("DOCUMENT_TOO_LARGE", "The document has more than %d bytes.", g.limits.Bytes)
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, g.limits.Tokens)
	if err != nil {
		if strings.Contains(err.Error(), "exceeded token limit") {
			return nil, over("TOO_MANY_TOKENS", "The document has more than %d tokens.", g.limits.Tokens)
		}
		bad := gqlerror.Wrap(err)
		bad.Err = nil // this tells the presenter that the error is for people
		errcode.Set(bad, errcode.ParseFailed)
		return nil, bad
	}
	return doc, g.measure(doc)
}

func over(code, format string, args ...any) *gqlerror.Error {
	return transport.Errorf(code, format+" Ask for less at once.", args...)
}

// size is what a selection contains with all its fragments written out.
type size struct{ depth, fields, aliases, roots int }

// measuring walks a document and visits each fragment once.
type measuring struct {
	fragments map[string]*ast.FragmentDefinition
	known     map[string]size
	// open are the fragments around the current one.
	open       map[string]bool
	cycle      string
	directives int
}

// enough keeps sums from overflowing. No limit is near it.
const enough = 1 << 30

func sum(a, b int) int { return min(a+b, enough) }

func (g *Guard) measure(doc *ast.QueryDocument) *gqlerror.Error {
	if len(doc.Fragments) > g.limits.Fragments {
		return over("TOO_MANY_FRAGMENTS", "The document has more than %d fragments.", g.limits.Fragments)
	}
	m := &measuring{fragments: map[string]*ast.FragmentDefinition{}, known: map[string]size{}, open: map[string]bool{}}
	for _, f := range doc.Fragments {
		m.fragments[f.Name] = f
		m.directives += len(f.Directives)
	}
	var all size
	for _, op := range doc.Operations {
		m.directives += len(op.Directives)
		for _, v := range op.VariableDefinitions {
			m.directives += len(v.Directives)
		}
		s := m.selection(op.SelectionSet)
		// The validator looks at every operation, not only at the one that will run.
		all = size{max(all.depth, s.depth), sum(all.fields, s.fields), sum(all.aliases, s.aliases), max(all.roots, s.roots)}
	}
	for _, f := range doc.Fragments {
		s := m.fragment(f.Name) // unused ones too
		all.depth, all.fields = max(all.depth, s.depth), max(all.fields, s.fields)
	}
	switch {
	case m.cycle != "":
		return over("FRAGMENT_CYCLE", "The fragment %s contains itself.", quote.Short(m.cycle))
	case m.directives > g.limits.Directives:
		return over("TOO_MANY_DIRECTIVES", "The document has more than %d directives.", g.limits.Directives)
	case all.depth > g.limits.Depth:
		return over("TOO_DEEP", "The document nests more than %d fields.", g.limits.Depth)
	case all.fields > g.limits.Fields:
		return over("TOO_MANY_FIELDS", "The document asks for more than %d fields.", g.limits.Fields)
	case all.aliases > g.limits.Aliases:
		return over("TOO_MANY_ALIASES", "The document has more than %d aliases.", g.limits.Aliases)
	case all.roots > g.limits.RootFields:
		return over("TOO_MANY_ROOT_FIELDS", "The operation has more than %d fields at its top level.", g.limits.RootFields)
	}
	return nil
}

func (m *measuring) selection(set ast.SelectionSet) (all size) {
	for _, selection := range set {
		var s size
		switch x := selection.(type) {
		case *ast.Field:
			m.directives += len(x.Directives)
			s = m.selection(x.SelectionSet)
			s.depth, s.roots = s.depth+1, 1
			if x.Alias != x.Name {
				s.aliases = sum(s.aliases, 1)
			}
		case *ast.InlineFragment:
			m.directives += len(x.Directives)
			s = m.selection(x.SelectionSet)
		case *ast.FragmentSpread:
			m.directives += len(x.Directives)
			s = m.fragment(x.Name)
		}
		all.depth = max(all.depth, s.depth)
		all.fields = sum(all.fields, sum(s.fields, 1))
		all.aliases = sum(all.aliases, s.aliases)
		all.roots = sum(all.roots, s.roots)
	}
	return all
}

func (m *measuring) fragment(name string) size {
	if s, known := m.known[name]; known {
		return s
	}
	f, exists := m.fragments[name]
	if !exists {
		return size{} // the validator reports it
	}
	if m.open[name] {
		m.cycle = name
		return size{}
	}
	m.open[name] = true
	s := m.selection(f.SelectionSet)
	m.open[name] = false
	m.known[name] = s
	return s
}
