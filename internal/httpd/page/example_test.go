package page_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/openhomeroom/homeroom/internal/httpd/page"
)

// contract is the schema that the server answers by.
func contract(t *testing.T) *ast.Schema {
	t.Helper()
	const file = "../../../schema.graphql"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: file, Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestEveryExampleIsValid(t *testing.T) {
	t.Parallel()
	schema := contract(t)
	for _, example := range page.Examples() {
		t.Run(example.Name, func(t *testing.T) {
			t.Parallel()
			document, problems := gqlparser.LoadQueryWithRules(schema, example.Query, rules.NewDefaultRules())
			if problems != nil {
				t.Fatal(problems)
			}
			if len(document.Operations) != 1 || document.Operations[0].Name != example.Name {
				t.Fatalf("the document should hold one operation with the name %s", example.Name)
			}
			var variables map[string]any
			if err := json.Unmarshal([]byte(example.Variables), &variables); err != nil {
				t.Fatal(err)
			}
			if _, err := validator.VariableValues(schema, document.Operations[0], variables); err != nil {
				t.Error(err)
			}
			if len(variables) != len(document.Operations[0].VariableDefinitions) {
				t.Errorf("the variables %v are not those of the operation", variables)
			}
			if !strings.HasPrefix(example.Query, "# ") {
				t.Error("the example does not say what it is for")
			}
		})
	}
}

// The operations that the scripts of the pages send themselves have no file of their own; they must be in the contract,
// too.
func TestTheOperationsOfThePagesAreValid(t *testing.T) {
	t.Parallel()
	schema := contract(t)
	documents := page.Operations()
	// The viewer, twice, the newest job, signing in and out, setting a password.
	if len(documents) < 6 {
		t.Errorf("there are only %d operations: %q", len(documents), documents)
	}
	for _, document := range documents {
		if _, err := gqlparser.LoadQueryWithRules(schema, document, rules.NewDefaultRules()); err != nil {
			t.Errorf("a page sends %s: %v", document, err)
		}
	}
}
