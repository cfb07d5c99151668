package page_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"homeroom/internal/httpd/page"
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
	for file, operations := range scriptOperations(t) {
		for _, operation := range operations {
			if _, err := gqlparser.LoadQueryWithRules(schema, operation, rules.NewDefaultRules()); err != nil {
				t.Errorf("%s sends %s: %v", file, operation, err)
			}
		}
	}
}

var operationInScript = regexp.MustCompile("(?s)(?:query: \"((?:mutation )?\\{[^\"]+)\"|Query = `([^`]+)`|Mutation = `([^`]+)`)")

// scriptOperations finds the operations in the scripts: strings that begin like one.
func scriptOperations(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, file := range []string{"api.js", "signin.js", "refused.js", "graphiql.js"} {
		text, err := os.ReadFile("web/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range operationInScript.FindAllStringSubmatch(string(text), -1) {
			found[file] = append(found[file], match[1]+match[2]+match[3])
		}
		if len(found[file]) == 0 {
			t.Errorf("no operation found in %s", file)
		}
	}
	return found
}
