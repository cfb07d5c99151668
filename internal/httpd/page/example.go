package page

import "embed"

//go:embed example
var exampleFiles embed.FS

// Example is one operation that GraphiQL opens in a tab of its own.
type Example struct {
	// Name is the name of the operation and the title of the tab.
	Name string `json:"name"`
	// Query is the document, with comments for the person who reads it.
	Query string `json:"query"`
	// Variables is a JSON object. ORGANIZATION_ID and JOB_ID in it are replaced in the browser by the organization
	// where the visitor is an administrator and by the latest bulk job; other ids are for the visitor to fill in.
	Variables string `json:"variables"`
}

// Examples gives the operations of the main job in the order of the work: from finding the students without a group to
// watching the import that gives them one.
func Examples() []Example {
	names := []string{
		"WhoAmI", "UnassignedNotice", "UnassignedStudents", "AssignStudents", "UsageReport", "ImportJob",
	}
	examples := make([]Example, len(names))
	for i, name := range names {
		examples[i] = Example{
			Name:      name,
			Query:     string(mustRead(exampleFiles, "example/"+name+".graphql")),
			Variables: string(mustRead(exampleFiles, "example/"+name+".json")),
		}
	}
	return examples
}
