package page

import (
	"embed"
	"path"
	"regexp"
)

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

// operation finds the operations in the scripts of the pages: strings that begin like one.
var operation = regexp.MustCompile(
	"(?s)(?:query: \"((?:mutation )?\\{[^\"]+)\"|Query = `([^`]+)`|Mutation = `([^`]+)`)")

// Operations gives the documents that the scripts of the pages send by themselves, as they send them. A server that
// runs
// only known operations has to know these.
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
