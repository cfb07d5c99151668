package graph_test

import (
	"strings"
	"testing"
)

// TestEverythingInTheSchemaIsDescribed looks at what people read in GraphiQL.
func TestEverythingInTheSchemaIsDescribed(t *testing.T) {
	t.Parallel()
	schema := loadSchema(t)
	described := func(t *testing.T, name, text string) {
		t.Helper()
		if text == "" || !strings.HasSuffix(strings.TrimSpace(text), ".") {
			t.Errorf("%s is described as %q, which is no sentence", name, text)
		}
	}
	for _, d := range schema.Types {
		if d.BuiltIn {
			continue
		}
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			if d.Description == "" {
				t.Errorf("%s has no description", d.Name)
			}
			for _, f := range d.Fields {
				if !strings.HasPrefix(f.Name, "__") {
					described(t, d.Name+"."+f.Name, f.Description)
				}
			}
			for _, v := range d.EnumValues {
				described(t, d.Name+"."+v.Name, v.Description)
			}
		})
	}
}
