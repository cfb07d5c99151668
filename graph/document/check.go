package document

import (
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"

	"github.com/openhomeroom/homeroom/graph/generated"
	"github.com/openhomeroom/homeroom/internal/fault"
)

// Checker checks documents by the rules of the endpoint, without a server.
type Checker struct{ guard *Guard }

// NewChecker returns a checker with certain limits.
func NewChecker(limits Limits) *Checker {
	return &Checker{NewGuard(limits, generated.NewExecutableSchema(generated.Config{}))}
}

// Check returns the one operation of a document, or why the endpoint would refuse it. It
// computes the cost without variables: lists have their usual page.
func (c *Checker) Check(document string) (*ast.OperationDefinition, error) {
	doc, bad := c.guard.parse(document)
	if bad != nil {
		return nil, fault.Invalidf("%s", bad.Message)
	}
	if problems := validator.ValidateWithRules(c.guard.schema.Schema(), doc, Rules()); len(problems) > 0 {
		return nil, fault.Invalidf("%s", placed(problems[0]))
	}
	switch {
	case len(doc.Operations) != 1:
		return nil, fault.Invalidf(
			"the document has %d operations; register each with its fragments as its own document, or use a manifest",
			len(doc.Operations))
	case doc.Operations[0].Name == "":
		return nil, fault.Invalidf("the operation has no name; give it one, so that people can tell it from others")
	}
	costs := &costs{schema: c.guard.schema.Schema(), limit: c.guard.limits.Complexity, known: map[string]int{}}
	if n := costs.selection(doc.Operations[0].SelectionSet); n > c.guard.limits.Complexity {
		return nil, fault.Invalidf("the operation costs %d points, but at most %d are allowed", n, c.guard.limits.Complexity)
	}
	return doc.Operations[0], nil
}

// placed returns the message of an error with its line.
func placed(err *gqlerror.Error) string {
	if len(err.Locations) == 0 {
		return err.Message
	}
	return fault.Sentence(err.Message) + " (line " + strconv.Itoa(err.Locations[0].Line) + ")"
}
