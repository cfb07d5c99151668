package document

// Limits bound the documents that run. Here every field must be set; see
// DefaultLimits.
type Limits struct {
	// Bytes and Tokens bound the text of a document before it is parsed.
	Bytes, Tokens int
	// Depth is how many fields may be nested in each other.
	Depth int
	// Fields counts every field and fragment as often as it is reached, because the
	// time of validation grows with its square. GraphiQL's introspection query has
	// 240. Aliases counts the fields that are renamed, and RootFields the fields of
	// the operation itself.
	Fields, Aliases, RootFields int
	// Fragments and Directives are counted as they are written.
	Fragments, Directives int
	// Complexity bounds the rows and fields that an answer can have; see costs.
	Complexity int

	// Introspection says who may read the schema from the endpoint.
	Introspection Introspection
}

// DefaultLimits are far above what the dashboard, the mobile app and GraphiQL
// need, and far below what hurts.
func DefaultLimits() Limits {
	return Limits{
		Bytes: 64 << 10, Tokens: 5000,
		Depth: 20, Fields: 500, Aliases: 100, RootFields: 20, Fragments: 50, Directives: 50,
		Complexity: 60000,
	}
}
