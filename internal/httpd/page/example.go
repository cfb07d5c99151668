package page

import (
	"embed"
	"path"
	"regexp"
)

//go:embed example
var exampleFiles embed.FS

// Example is an operation that GraphiQL opens in a tab of its own.
type Example struct {
	// Name is the name of the operation and the title of the tab.
	Name string `json:"name"`
	// Query is the document, with comments for the person who reads it.
	Query string `json:"query"`
	// Variables is a JSON object. The browser replaces ORGANIZATION_ID and JOB_ID in it by
	// an organization that the visitor administers and by the latest bulk job. The visitor
	// fills in other IDs.
	Variables string `json:"variables"`
}

// Examples returns the operations of the main job in the order of the work: from finding
// the students without a group to watching the import that gives them one.
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

// operation matches the operations in the scripts of the pages: strings that start like
// one.
var operation = regexp.MustCompile(
	"(?s)(?:query: \"((?:mutation )?\\{[^\"]+)\"|Query = `([^`]+)`|Mutation = `([^`]+)`)")

// Operations returns the documents that the scripts of the pages send, exactly as they
// send them. A server that runs only registered operations has to know them.
func Operations() []string {
	entries, err := web.ReadDir("web")
	if err != nil {
		panic(err)
	}
	var documents []string
	for _, entry := range entries {
		if path.Ext(entry.Name()) != ".js" {
			continue
		}
		for _, match := range operation.FindAllStringSubmatch(string(mustRead(web, "web/"+entry.Name())), -1) {
			documents = append(documents, match[1]+match[2]+match[3])
		}
	}
	return documents
}
