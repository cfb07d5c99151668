package document_test

import (
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/openhomeroom/homeroom/graph/document"
	"github.com/openhomeroom/homeroom/graph/generated"
)

// TestEveryScalarIsChecked fails for a new scalar whose values nobody looks at before an
// operation runs.
func TestEveryScalarIsChecked(t *testing.T) {
	t.Parallel()
	for name, def := range generated.NewExecutableSchema(generated.Config{}).Schema().Types {
		if def.Kind != ast.Scalar {
			continue
		}
		described, checked := document.KnowsScalar(name)
		if !described {
			t.Errorf("%s: say in variable.go what to send", name)
		}
		if !checked && !def.BuiltIn && name != "Upload" {
			t.Errorf("%s: read it in variable.go", name)
		}
	}
}
