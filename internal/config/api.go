package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/openhomeroom/homeroom/internal/quote"
)

// API says what the endpoint shows and runs.
type API struct {
	// Introspection is who may read the schema from the endpoint.
	Introspection string
	// Dashboard says whether the dashboard is served at /.
	Dashboard bool
	// GraphiQL is who may use GraphiQL.
	GraphiQL string
	// Operations is which operations run.
	Operations string
}

// The values of the settings.
const (
	ForAdministrators = "administrators"
	ForEverybody      = "everybody"
	Off               = "off"

	// With AnyOperation, registered and other operations run.
	AnyOperation = "any"
	// With RegisteredOperations, no others run.
	RegisteredOperations = "registered"
	// RegisteredOrAdministrators is RegisteredOperations, except that signed-in
	// administrators may run anything, so that they can use GraphiQL.
	RegisteredOrAdministrators = "registered-or-administrators"
)

// settings describes the section, with its defaults.
func (a API) settings() []Setting {
	return []Setting{
		{
			Section: APISection, Name: "introspection", Flag: "introspection", Form: "who", Default: a.Introspection,
			Description: "who may read the schema from the endpoint, and gets suggestions for misspelled names in errors: " +
				"administrators, everybody or off",
			set: oneOf(func(c *Config) *string { return &c.API.Introspection }, ForAdministrators, ForEverybody, Off),
		},
		{
			Section: APISection, Name: "dashboard", Flag: "dashboard", Form: formBool, Default: strconv.FormatBool(a.Dashboard),
			Description: "whether the dashboard is served at /; without it, / shows a page that says what runs here",
			set:         func(c *Config, v string) error { return store(&c.API.Dashboard, parseBool)(v) },
		},
		{
			Section: APISection, Name: "GraphiQL", Flag: "graphiql", Form: "who", Default: a.GraphiQL,
			Description: "who gets GraphiQL, the workbench for the API: administrators or off",
			set:         oneOf(func(c *Config) *string { return &c.API.GraphiQL }, ForAdministrators, Off),
		},
		{
			Section: APISection, Name: "operations", Flag: "operations", Form: "which", Default: a.Operations,
			Description: "which operations run: any; registered, for only those that homeroom operations register has " +
				"stored; or registered-or-administrators, so that administrators can still use GraphiQL",
			set: oneOf(func(c *Config) *string {
				return &c.API.Operations
			}, AnyOperation, RegisteredOperations, RegisteredOrAdministrators),
		},
	}
}

// oneOf returns a function that stores one of a few words.
func oneOf(place func(*Config) *string, words ...string) func(c *Config, value string) error {
	return func(c *Config, value string) error {
		value = strings.ToLower(strings.TrimSpace(value))
		if !slices.Contains(words, value) {
			last := len(words) - 1
			return fmt.Errorf("%s is unknown; write %s or %s", quote.Text(value), strings.Join(words[:last], ", "), words[last])
		}
		*place(c) = value
		return nil
	}
}
